#include "core/topics.hpp"

#include <spdlog/fmt/fmt.h>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/resources.hpp"

namespace freshet {
namespace {

/// A faulty schemas/topics.json is a fault of the build: it is embedded.
const json::array& topic_list() {
  static const json::value parsed = [] {
    auto file = parse_json(resource("topics.json"));
    FRESHET_CHECK(file.has_value());
    return std::move(*file);
  }();
  const json::array* topics = value_at(parsed, "/topics").if_array();
  FRESHET_CHECK(topics != nullptr);
  return *topics;
}

/// `{"as": "works"}` follows `kafka.partitions`; a number stands for itself.
int partitions_of(const json::value& partitions, const Config::Kafka& config) {
  if (const std::int64_t* count = partitions.if_int64()) {
    return static_cast<int>(*count);
  }
  FRESHET_CHECK(partitions.is_string() && partitions.get_string() == "works");
  return config.partitions;
}

}  // namespace

std::vector<TopicSpec> topic_specs(const Config::Kafka& config) {
  std::vector<TopicSpec> specs;
  for (const json::value& topic : topic_list()) {
    TopicSpec& spec = specs.emplace_back();
    const auto name = text_at(topic, "/name");
    FRESHET_CHECK(name.has_value());
    spec.name = config.prefixed(*name);
    spec.partitions = partitions_of(value_at(topic, "/partitions"), config);
    spec.replication_factor = config.replication_factor;
    const json::object* configs = value_at(topic, "/configs").if_object();
    FRESHET_CHECK(configs != nullptr);
    for (const auto& entry : *configs) {
      FRESHET_CHECK(entry.value().is_string());
      spec.configs.emplace(std::string_view{entry.key()},
                           std::string_view{entry.value().get_string()});
    }
    spec.configs.emplace("min.insync.replicas", std::to_string(config.min_insync_replicas));
  }
  return specs;
}

}  // namespace freshet
