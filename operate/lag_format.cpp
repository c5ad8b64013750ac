// How lag is shown: as tables and as JSON.
#include <spdlog/fmt/fmt.h>

#include "core/json.hpp"
#include "operate/lag.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

std::string count_text(std::int64_t count, bool is_estimate) {
  return (is_estimate ? "~" : "") + std::to_string(count);
}

std::string duration_text(double seconds) {
  return seconds < 120     ? fmt::format("{:.0f} s", seconds)
         : seconds < 7'200 ? fmt::format("{:.0f} min", seconds / 60)
                           : fmt::format("{:.1f} h", seconds / 3'600);
}

void add_row(Table& table, std::vector<std::string> cells, const LagSum& sum) {
  cells.push_back(count_text(sum.records, sum.is_estimate));
  cells.push_back(fmt::format("{:.1f}", sum.seconds));
  if (sum.rates) {
    const auto left = seconds_to_catch_up(sum.records, *sum.rates);
    cells.push_back(fmt::format("{:.1f}", sum.rates->in));
    cells.push_back(fmt::format("{:.1f}", sum.rates->out));
    cells.emplace_back(to_string(trend_of(*sum.rates)));
    cells.push_back(left ? duration_text(*left) : "never");
  } else {
    cells.insert(cells.end(), 4, "");
  }
  table.add(std::move(cells));
}

void add_rates(json::object& object, const LagSum& sum) {
  const auto left = sum.rates ? seconds_to_catch_up(sum.records, *sum.rates) : std::nullopt;
  object["rate_in"] = sum.rates ? json::value(sum.rates->in) : json::value{};
  object["rate_out"] = sum.rates ? json::value(sum.rates->out) : json::value{};
  object["trend"] = sum.rates ? json::value(to_string(trend_of(*sum.rates))) : json::value{};
  object["catch_up_seconds"] = left ? json::value(*left) : json::value{};
}

LagSum sum_of(const PartitionLag& one) {
  LagSum sum;
  sum.add(one);
  return sum;
}

json::object object_of(const LagSum& sum) {
  json::object object{
      {"lag_records", sum.records}, {"estimated", sum.is_estimate}, {"lag_seconds", sum.seconds}};
  add_rates(object, sum);
  return object;
}

json::object partition_object(const PartitionLag& one) {
  json::object object{
      {"topic", one.at.topic},
      {"partition", one.at.partition.value},
      {"committed", one.committed ? json::value(one.committed->value) : json::value{}},
      {"end", one.end.value}};
  for (auto& [name, value] : object_of(sum_of(one))) {
    object[name] = value;
  }
  return object;
}

json::object group_object(const GroupLag& group) {
  json::object object{{"group", group.group}, {"state", group.state}, {"members", group.members}};
  for (auto& [name, value] : object_of(group.sum())) {
    object[name] = value;
  }
  json::array topics;
  for (const auto& [topic, sum] : group.by_topic()) {
    json::object one = object_of(sum);
    one["topic"] = topic;
    topics.push_back(std::move(one));
  }
  json::array sources;
  for (const auto& [source, lag] : group.by_source()) {
    sources.push_back(json::object{
        {"source", source}, {"lag_records", lag.records}, {"lag_seconds", lag.seconds}});
  }
  json::array partitions;
  for (const PartitionLag& one : group.partitions) {
    partitions.push_back(partition_object(one));
  }
  object["topics"] = std::move(topics);
  object["sources"] = std::move(sources);
  object["partitions"] = std::move(partitions);
  return object;
}

std::string source_table(const std::vector<GroupLag>& groups) {
  Table table{
      {{"GROUP"}, {"SOURCE"}, {"RECORDS BEHIND", Align::right}, {"SECONDS BEHIND", Align::right}}};
  for (const GroupLag& group : groups) {
    for (const auto& [source, lag] : group.by_source()) {
      table.add({group.group, source.empty() ? "(none)" : source,
                 count_text(lag.records, group.sum().is_estimate),
                 fmt::format("{:.1f}", lag.seconds)});
    }
  }
  return table.empty() ? "" : "\n" + table.text();
}

}  // namespace

std::string format_lag_table(const std::vector<GroupLag>& groups, LagRows rows) {
  Table table{{{"GROUP"},
               {"STATE"},
               {"TOPIC"},
               {"PARTITION", Align::right},
               {"COMMITTED", Align::right},
               {"END", Align::right},
               {"RECORDS BEHIND", Align::right},
               {"SECONDS BEHIND", Align::right},
               {"IN/S", Align::right},
               {"OUT/S", Align::right},
               {"TREND"},
               {"CAUGHT UP IN", Align::right}}};
  for (const GroupLag& group : groups) {
    if (rows == LagRows::partitions) {
      for (const PartitionLag& one : group.partitions) {
        add_row(table,
                {group.group, group.state, one.at.topic, std::to_string(one.at.partition.value),
                 one.committed ? std::to_string(one.committed->value) : "none",
                 std::to_string(one.end.value)},
                sum_of(one));
      }
    }
    const auto topics = group.by_topic();
    for (const auto& [topic, sum] : topics) {
      if (topics.size() > 1) {
        add_row(table, {group.group, group.state, topic, "all", "", ""}, sum);
      }
    }
    add_row(table, {group.group, group.state, "", "all", "", ""}, group.sum());
  }
  return table.text() + source_table(groups);
}

std::string format_lag_json(const std::vector<GroupLag>& groups) {
  json::array list;
  for (const GroupLag& group : groups) {
    list.push_back(group_object(group));
  }
  return to_json(list) + "\n";
}

}  // namespace freshet
