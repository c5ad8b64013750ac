// Makes and removes topics of a measurement: `freshet topics` knows those of the system only.
// Usage: bench_topics create NAME...   with the settings of media.raw.v1
//        bench_topics delete NAME...
// Names are without the prefix, which must not be empty.

#include <cstdio>
#include <string>
#include <vector>

#include "bench/environment.hpp"
#include "core/kafka/admin.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

Result<void> create(const Config& config, const std::vector<std::string>& names) {
  std::vector<TopicSpec> specs;
  for (const TopicSpec& spec : topic_specs(config.kafka)) {
    if (spec.name == config.kafka.prefixed(topics::kRaw)) {
      for (const std::string& name : names) {
        specs.push_back(spec);
        specs.back().name = config.kafka.prefixed(name);
      }
    }
  }
  if (const auto created = kafka::Admin{config.kafka}.create_topics(specs); !created) {
    return created.error();
  }
  return {};
}

int run(const std::string& what, const std::vector<std::string>& names) {
  const Config config = bench::config_from_environment();
  if (config.kafka.topic_prefix.empty()) {
    std::fprintf(stderr, "FRESHET_KAFKA_TOPIC_PREFIX is not set\n");
    return 2;
  }
  Result<void> done;
  if (what == "create") {
    done = create(config, names);
  } else {
    std::vector<std::string> prefixed;
    for (const std::string& name : names) {
      prefixed.push_back(config.kafka.prefixed(name));
    }
    done = kafka::Admin{config.kafka}.delete_topics(prefixed);
  }
  if (!done) {
    std::fprintf(stderr, "%s\n", done.error().message().c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace freshet

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  if (what != "create" && what != "delete") {
    std::fprintf(stderr, "Usage: %s create|delete NAME...\n", argv[0]);
    return 2;
  }
  return freshet::run(what, {argv + 2, argv + argc});
}
