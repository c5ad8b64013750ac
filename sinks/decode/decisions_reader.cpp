#include "sinks/decode/decisions_reader.hpp"

#include <algorithm>
#include <array>

#include "core/key.hpp"
#include "core/time.hpp"

namespace freshet::decode {
namespace {

bool is_kind(std::string_view text) {
  return text == "takedown" || text == "sensitive" || text == "erase";
}

constexpr std::array<std::string_view, 5> kLineMembers{"at", "decision_id", "action", "by", "why"};

}  // namespace

// One line of a history: what the table of decisions takes.
bool DecisionsReader::read_line(od::value& value) {
  od::object line;
  unsigned seen = 0;
  const auto is_line = [&](std::string_view name, od::value& member) {
    const std::size_t which = static_cast<std::size_t>(
        std::find(kLineMembers.begin(), kLineMembers.end(), name) - kLineMembers.begin());
    if (which == kLineMembers.size()) {
      return check(member, "decisions", 2);
    }
    std::string_view text;
    if (!get_text(member, text, "decisions")) {
      return false;
    }
    seen |= 1U << which;
    return (name == "decision_id" && !is_uuid_v4(text)) || (name == "at" && !parse_time(text))
               ? fail(broken("decisions", name == "at" ? "time" : "uuid"))
               : true;
  };
  return get(value.get_object(), line, "decisions") && each_member(line, "decisions", is_line) &&
         (seen == (1U << kLineMembers.size()) - 1 || fail(broken("decisions", "line")));
}

bool DecisionsReader::read_decision(od::value& value) {
  od::object decision;
  return get(value.get_object(), decision, "decisions") &&
         each_member(decision, "decisions", [&](std::string_view name, od::value& member) {
           od::array history;
           return name != "history"
                      ? check(member, "decisions", 1)
                      : get(member.get_array(), history, "decisions") &&
                            each_element(history, [&](od::value& line) { return read_line(line); });
         });
}

bool DecisionsReader::read(od::value& value) {
  od::object object;
  std::string_view text;
  bool is_any = false;
  const bool ok = get(value.get_object(), object, "decisions") && take_json(object, text) &&
                  each_member(object, "decisions", [&](std::string_view kind, od::value& decision) {
                    // A kind of another version is carried along on the topic, and is nothing to
                    // the stores: the record's own status says whether its work is shown.
                    if (is_type(decision, od::json_type::null) || !is_kind(kind)) {
                      return check(decision, "decisions", 1);
                    }
                    is_any = true;
                    return read_decision(decision);
                  });
  record_.decisions = is_any ? text : std::string_view{};
  return ok;
}

}  // namespace freshet::decode
