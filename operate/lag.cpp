#include "operate/lag.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/json.hpp"
#include "operate/table.hpp"

namespace freshet {

std::int64_t GroupLag::records() const {
  std::int64_t sum = 0;
  for (const PartitionLag& one : partitions) {
    sum += one.records;
  }
  return sum;
}

bool GroupLag::is_estimate() const {
  return std::any_of(partitions.begin(), partitions.end(),
                     [](const PartitionLag& one) { return one.is_estimate; });
}

double GroupLag::seconds() const {
  double most = 0;
  for (const PartitionLag& one : partitions) {
    most = std::max(most, one.seconds);
  }
  return most;
}

kafka::Offset next_to_read(std::optional<kafka::Offset> committed, kafka::Offset low) {
  return committed ? std::max(*committed, low) : low;
}

void apply_sample(PartitionLag& lag, const LagSample& sample, UtcTime now) {
  const std::int64_t read = sample.read_to.value - lag.next.value;
  const std::int64_t left = std::max<std::int64_t>(0, lag.end.value - sample.read_to.value);
  lag.records = sample.records;
  lag.is_estimate = left > 0;
  if (left > 0) {
    const double share =
        read > 0 ? static_cast<double>(sample.records) / static_cast<double>(read) : 1.0;
    lag.records += std::llround(share * static_cast<double>(left));
  }
  lag.seconds = 0;
  if (sample.first_at && lag.records > 0) {
    // The broker's clock may be a little ahead of ours.
    lag.seconds = std::max(0.0, std::chrono::duration<double>(now - *sample.first_at).count());
  }
}

std::string format_lag_table(const std::vector<GroupLag>& groups) {
  Table table{{{"GROUP"},
               {"STATE"},
               {"TOPIC"},
               {"PARTITION", Align::right},
               {"COMMITTED", Align::right},
               {"END", Align::right},
               {"RECORDS BEHIND", Align::right},
               {"SECONDS BEHIND", Align::right}}};
  const auto records = [](std::int64_t count, bool is_estimate) {
    return (is_estimate ? "~" : "") + std::to_string(count);
  };
  for (const GroupLag& group : groups) {
    for (const PartitionLag& one : group.partitions) {
      table.add({group.group, group.state, one.at.topic, std::to_string(one.at.partition.value),
                 one.committed ? std::to_string(one.committed->value) : "none",
                 std::to_string(one.end.value), records(one.records, one.is_estimate),
                 fmt::format("{:.1f}", one.seconds)});
    }
    table.add({group.group, group.state, "", "all", "", "",
               records(group.records(), group.is_estimate()),
               fmt::format("{:.1f}", group.seconds())});
  }
  return table.text();
}

std::string format_lag_json(const std::vector<GroupLag>& groups) {
  json::array list;
  for (const GroupLag& group : groups) {
    json::array partitions;
    for (const PartitionLag& one : group.partitions) {
      partitions.push_back(json::object{
          {"topic", one.at.topic},
          {"partition", one.at.partition.value},
          {"committed", one.committed ? json::value(one.committed->value) : json::value{}},
          {"end", one.end.value},
          {"lag_records", one.records},
          {"estimated", one.is_estimate},
          {"lag_seconds", one.seconds}});
    }
    list.push_back(json::object{{"group", group.group},
                                {"state", group.state},
                                {"members", group.members},
                                {"lag_records", group.records()},
                                {"estimated", group.is_estimate()},
                                {"lag_seconds", group.seconds()},
                                {"partitions", std::move(partitions)}});
  }
  return to_json(list) + "\n";
}

}  // namespace freshet
