#include "operate/replay_plan.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

#include "core/json.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

bool is_estimate(const ReplayPlan& plan) {
  return std::ranges::any_of(plan.partitions, &ReplayPartition::is_estimate);
}

std::string duration_text(double seconds) {
  return seconds < 120      ? fmt::format("{:.0f} s", seconds)
         : seconds < 7'200  ? fmt::format("{:.0f} min", seconds / 60)
         : seconds < 172800 ? fmt::format("{:.1f} h", seconds / 3'600)
                            : fmt::format("{:.1f} days", seconds / 86'400);
}

}  // namespace

Result<ReplayTarget> parse_replay_target(std::string_view text) {
  if (text == "start") {
    return ReplayTarget{ReplayStart{}};
  }
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t offset = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
    if (error == std::errc{}) {
      return ReplayTarget{kafka::Offset{offset}};
    }
  } else if (const auto time = parse_time(text)) {
    return ReplayTarget{*time};
  }
  return Error{
      Errc::invalid_value, "to", "target",
      std::string{text} + " is neither `start` nor an offset nor a time like 2026-11-21T00:19:33Z"};
}

std::int64_t ReplayPlan::again() const {
  std::int64_t sum = 0;
  for (const ReplayPartition& one : partitions) {
    sum += one.again;
  }
  return sum;
}

std::int64_t ReplayPlan::skipped() const {
  std::int64_t sum = 0;
  for (const ReplayPartition& one : partitions) {
    sum += one.skipped;
  }
  return sum;
}

std::optional<UtcTime> ReplayPlan::oldest() const {
  std::optional<UtcTime> oldest;
  for (const ReplayPartition& one : partitions) {
    if (one.again > 0 && one.first && (!oldest || *one.first < *oldest)) {
      oldest = one.first;
    }
  }
  return oldest;
}

std::optional<double> ReplayPlan::seconds() const {
  return rate > 0 ? std::optional{static_cast<double>(again()) / rate} : std::nullopt;
}

std::string describe_replay(const ReplayPlan& plan) {
  const char* about = is_estimate(plan) ? "about " : "";
  std::string text = plan.again() == 0 ? fmt::format("{} reads nothing again", plan.group)
                                       : fmt::format("{} reads {}{} records again", plan.group,
                                                     about, plan.again());
  if (const auto oldest = plan.oldest()) {
    text += ", the oldest of " + format_millis(*oldest);
  }
  if (plan.again() > 0) {
    const auto seconds = plan.seconds();
    text += seconds ? fmt::format("; {} at the {:.0f} records/s that it last did",
                                  duration_text(*seconds), plan.rate)
                    : "; how fast it reads is not known yet";
  }
  if (plan.skipped() > 0) {
    text +=
        fmt::format("; {}{} records that it has not read are passed over", about, plan.skipped());
  }
  return text;
}

std::string format_replay_table(const ReplayPlan& plan) {
  Table table{{{"TOPIC"},
               {"PARTITION", Align::right},
               {"WAS", Align::right},
               {"IS", Align::right},
               {"READ AGAIN", Align::right},
               {"PASSED OVER", Align::right},
               {"FROM"}}};
  for (const ReplayPartition& one : plan.partitions) {
    const char* about = one.is_estimate ? "~" : "";
    table.add({one.at.topic, std::to_string(one.at.partition.value),
               one.was ? std::to_string(one.was->value) : "none", std::to_string(one.is.value),
               fmt::format("{}{}", one.again > 0 ? about : "", one.again),
               fmt::format("{}{}", one.skipped > 0 ? about : "", one.skipped),
               one.first ? format_millis(*one.first) : ""});
  }
  return table.text();
}

std::string format_replay_json(const ReplayPlan& plan) {
  json::array list;
  for (const ReplayPartition& one : plan.partitions) {
    list.push_back(
        json::object{{"topic", one.at.topic},
                     {"partition", one.at.partition.value},
                     {"was", one.was ? json::value(one.was->value) : json::value{}},
                     {"is", one.is.value},
                     {"records", one.again},
                     {"passed_over", one.skipped},
                     {"estimated", one.is_estimate},
                     {"oldest", one.first ? json::value(format_millis(*one.first)) : json::value{}},
                     {"rate", plan.rate > 0 ? json::value(plan.rate) : json::value{}}});
  }
  return to_json(list) + "\n";
}

}  // namespace freshet
