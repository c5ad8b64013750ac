#include "api/web/ops/ops_flow.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace freshet::api::web {
namespace {

constexpr int kTopicX = 10;
constexpr int kTopicWidth = 190;
constexpr int kRoleX = 400;
constexpr int kRoleWidth = 190;
constexpr int kFilledX = 760;
constexpr int kFilledWidth = 190;
constexpr int kRow = 58;
constexpr int kBoxHeight = 42;
constexpr int kTop = 12;

/// What a role fills. One that is not here is drawn without.
struct Fills {
  std::string_view role;
  std::string_view what;
};
constexpr auto kFills = std::to_array<Fills>({{"process.extract", "media.raw.v1"},
                                              {"process.catalogue", "media.catalog.v1"},
                                              {"sink.postgres", "PostgreSQL"},
                                              {"sink.elasticsearch", "Elasticsearch"},
                                              {"sink.usage", "PostgreSQL"}});

double number_of(const json::value& value) {
  return value.is_number() ? value.to_number<double>() : 0;
}

std::string text_of(const json::value& of, std::string_view pointer) {
  return std::string{text_at(of, pointer).value_or("")};
}

/// A curve from the right side of one box to the left side of another.
std::string curve(int from_x, int from_y, int to_x, int to_y) {
  const int middle = (from_x + to_x) / 2;
  return fmt::format("M{} {} C{} {} {} {} {} {}", from_x, from_y, middle, from_y, middle, to_y,
                     to_x, to_y);
}

int middle_of(const Flow::Box& box) { return box.y + kBoxHeight / 2; }

/// Boxes of a column in their order, none over another, each as near as can be to where it belongs.
class Column {
 public:
  int place(int wanted) {
    next_ = std::max(wanted, next_);
    return std::exchange(next_, next_ + kRow);
  }

 private:
  int next_ = kTop;
};

}  // namespace

std::string_view to_string(Pace pace) {
  switch (pace) {
    case Pace::fine:
      return "fine";
    case Pace::slow:
      return "slow";
    case Pace::late:
      return "late";
    case Pace::unknown:
      return "unknown";
  }
  return "";
}

Pace pace_of(double seconds) {
  return seconds < 5 ? Pace::fine : seconds < 60 ? Pace::slow : Pace::late;
}

std::string seconds_text(const json::value& seconds) {
  return seconds.is_number() ? fmt::format("{:.1f}", number_of(seconds)) : "–";
}

std::string rate_text(const json::value& rate) {
  return rate.is_number() ? fmt::format("{:.1f}", number_of(rate)) : "–";
}

Flow draw_flow(const json::value& lag) {
  Flow flow;
  flow.width = kFilledX + kFilledWidth + 10;
  if (!lag.is_array()) {
    flow.height = kRow;
    return flow;
  }
  std::map<std::string, Flow::Box> topics;
  std::map<std::string, Flow::Box> filled;
  std::set<std::string> read_before;
  Column topic_column;
  Column role_column;
  Column filled_column;
  for (const json::value& group : lag.get_array()) {
    const std::string name = text_of(group, "/group");
    const json::value& read = value_at(group, "/topics");
    if (!read.is_array() || read.get_array().empty()) {
      continue;
    }
    int sum = 0;
    for (const json::value& topic : read.get_array()) {
      const std::string topic_name = text_of(topic, "/topic");
      if (!topics.contains(topic_name)) {
        topics[topic_name] = {topic_name, "", "topic", kTopicX, topic_column.place(0), kTopicWidth};
      }
      sum += topics[topic_name].y;
    }
    const int members = static_cast<int>(number_of(value_at(group, "/members")));
    const Flow::Box role{name,
                         fmt::format("{}, {} {}", text_of(group, "/state"), members,
                                     members == 1 ? "member" : "members"),
                         "role",
                         kRoleX,
                         role_column.place(sum / static_cast<int>(read.get_array().size())),
                         kRoleWidth};
    for (const json::value& topic : read.get_array()) {
      const Flow::Box& from = topics[text_of(topic, "/topic")];
      const double seconds = number_of(value_at(topic, "/lag_seconds"));
      Flow::Edge edge;
      edge.path = curve(from.x + from.width, middle_of(from), role.x, middle_of(role));
      edge.figure = name + " " + from.name;
      edge.label = fmt::format("{} s · {}/s", seconds_text(value_at(topic, "/lag_seconds")),
                               rate_text(value_at(topic, "/rate_out")));
      edge.pace = members == 0 && number_of(value_at(topic, "/lag_records")) > 0 ? Pace::late
                                                                                 : pace_of(seconds);
      // Near the topic, as edges of one role come together; but of a further reader of a topic near
      // the role.
      const bool is_further = !read_before.insert(from.name).second;
      edge.label_x = is_further ? (from.x + from.width + 3 * role.x) / 4
                                : (3 * (from.x + from.width) + role.x) / 4;
      edge.label_y = (is_further ? middle_of(from) + 5 * middle_of(role)
                                 : 5 * middle_of(from) + middle_of(role)) /
                         6 -
                     5;
      flow.edges.push_back(std::move(edge));
    }
    const auto fills = std::ranges::find(kFills, name, &Fills::role);
    if (fills != kFills.end()) {
      const std::string what{fills->what};
      if (!filled.contains(what)) {
        filled[what] = {what,
                        "",
                        what.find('.') == what.npos ? "store" : "topic",
                        kFilledX,
                        filled_column.place(role.y),
                        kFilledWidth};
      }
      const Flow::Box& to = filled[what];
      flow.edges.push_back({curve(role.x + role.width, middle_of(role), to.x, middle_of(to)), "",
                            "", Pace::unknown, 0, 0});
    }
    flow.boxes.push_back(role);
  }
  for (const auto* boxes : {&topics, &filled}) {
    for (const auto& [name, box] : *boxes) {
      flow.boxes.push_back(box);
    }
  }
  for (const Flow::Box& box : flow.boxes) {
    flow.height = std::max(flow.height, box.y + kBoxHeight + kTop);
  }
  return flow;
}

}  // namespace freshet::api::web
