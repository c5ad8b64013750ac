#include "operate/source_runs.hpp"

#include <algorithm>
#include <map>

#include "core/json.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"

namespace freshet {
namespace {

std::optional<std::int64_t> count_at(const json::value& root, const char* pointer) {
  const json::value& value = value_at(root, pointer);
  return value.is_int64() ? std::optional{value.as_int64()} : std::nullopt;
}

std::optional<std::int64_t> median(std::vector<std::int64_t> counts) {
  if (counts.empty()) {
    return std::nullopt;
  }
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::ranges::nth_element(counts, middle);
  return *middle;
}

}  // namespace

std::optional<SourceRun> parse_source_run(std::string_view provider, std::string_view value) {
  const auto state = parse_json(value);
  if (!state) {
    return std::nullopt;
  }
  const auto updated_at = parse_time(text_at(*state, "/updated_at").value_or(""));
  if (!updated_at) {
    return std::nullopt;
  }
  SourceRun run;
  run.provider = provider;
  run.updated_at = *updated_at;
  run.has_failed = text_at(*state, "/outcome") == "failed";
  run.emitted = count_at(*state, "/emitted").value_or(0);
  std::vector<std::int64_t> full;
  if (const json::value& runs = value_at(*state, "/full_runs"); runs.is_array()) {
    for (const json::value& one : runs.as_array()) {
      if (const auto emitted = count_at(one, "/emitted")) {
        full.push_back(*emitted);
      }
    }
  }
  if (!full.empty()) {
    run.last_full = full.back();
    full.pop_back();
    run.usual = median(std::move(full));
  }
  return run;
}

std::vector<SourceRun> read_source_runs(const Context& context) {
  kafka::Consumer consumer{context.config.kafka, reader_options()};
  std::vector<kafka::TopicPartitionOffset> from;
  for (const auto& at :
       partitions_of(consumer, context.config.kafka.prefixed(topics::kProducerState))) {
    from.push_back({at, kafka::Consumer::kBeginning});
  }
  std::map<std::string, SourceRun> runs;
  read_to_end(consumer, from, context.stop, [&](const kafka::Message& message) {
    const std::string provider{message.key().value_or("")};
    if (auto run = parse_source_run(provider, message.value().value_or(""))) {
      runs.insert_or_assign(provider, std::move(*run));
    }
    return true;
  });
  std::vector<SourceRun> list;
  for (auto& [provider, run] : runs) {
    list.push_back(std::move(run));
  }
  return list;
}

}  // namespace freshet
