#include "producers/run_cursor.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace freshet {

json::object request_arguments(const RunOptions& options) {
  json::object result;
  if (options.initial_params) {
    result["initial_params"] = params_to_json(*options.initial_params);
  }
  if (!options.only_params.empty()) {
    json::array list;
    for (const Params& params : options.only_params) {
      list.push_back(params_to_json(params));
    }
    result["only_params"] = std::move(list);
  }
  if (!options.additional_params.empty()) {
    result["additional_params"] = params_to_json(options.additional_params);
  }
  if (options.slice) {
    result["slice"] =
        format_millis(options.slice->first) + "/" + format_millis(options.slice->second);
  }
  return result;
}

Resume judge_resume(const RunState& last, const RunOptions& options,
                    const std::optional<std::string>& date) {
  if (options.restart || last.outcome == RunOutcome::finished || !last.cursor ||
      last.cursor->is_start()) {
    return Resume::nothing_to_resume;
  }
  const bool is_same = last.date == date && last.cursor->arguments == request_arguments(options);
  return is_same ? Resume::yes : Resume::other_requests;
}

FirstSet resumed_set(const std::vector<Params>& sets, const Cursor& cursor) {
  // Where sets repeat, the one at the same place.
  if (cursor.set < sets.size() && sets[cursor.set] == cursor.fixed) {
    return {cursor.set, true};
  }
  const auto found = std::find(sets.begin(), sets.end(), cursor.fixed);
  return found == sets.end() ? FirstSet{}
                             : FirstSet{static_cast<std::size_t>(found - sets.begin()), true};
}

std::size_t set_of(const std::vector<Params>& sets, const Params& initial) {
  const auto found = std::find_if(sets.begin(), sets.end(),
                                  [&](const Params& fixed) { return contains(initial, fixed); });
  return found == sets.end() ? 0 : static_cast<std::size_t>(found - sets.begin());
}

void enter_set(Cursor& cursor, std::size_t index, const Params& fixed) {
  cursor.set = index;
  cursor.fixed = fixed;
  cursor.next.reset();
  cursor.item = 0;
  cursor.last_item.clear();
  cursor.listed = 0;
  cursor.announced = Cursor::kUnknown;
  cursor.page_before = Cursor::kUnknown;
  cursor.largest_page = Cursor::kUnknown;
  cursor.marks = {};
  cursor.doubted_at.reset();
}

void pass_page(Cursor& cursor, const std::optional<Params>& following, const ListMarks& marks) {
  cursor.item = 0;
  cursor.last_item.clear();
  cursor.doubted_at.reset();
  cursor.next = following;
  cursor.marks = marks;
}

void count_page(Cursor& cursor, std::int64_t items) {
  cursor.page_before = items;
  cursor.largest_page = std::max(cursor.largest_page, items);
  if (cursor.listed != Cursor::kUnknown) {
    cursor.listed += items;
  }
}

void lose_count(Cursor& cursor) {
  cursor.listed = Cursor::kUnknown;
  cursor.page_before = Cursor::kUnknown;
}

void note_announced(Cursor& cursor, std::int64_t total) {
  cursor.announced =
      cursor.announced == Cursor::kUnknown ? total : std::min(cursor.announced, total);
}

bool is_end_proven(const Cursor& cursor, std::int64_t batch_limit) {
  if (cursor.listed == 0) {
    return true;  // nothing came before it: an empty set
  }
  const bool is_reached = cursor.announced != Cursor::kUnknown &&
                          cursor.listed != Cursor::kUnknown && cursor.listed >= cursor.announced;
  const bool was_short =
      cursor.page_before != Cursor::kUnknown && cursor.page_before < batch_limit &&
      (cursor.page_before < cursor.largest_page || cursor.page_before == cursor.listed);
  return is_reached || was_short;
}

std::optional<std::string> missing_in_set(const Cursor& cursor, std::int64_t items) {
  if (cursor.listed == Cursor::kUnknown || cursor.announced == Cursor::kUnknown ||
      cursor.listed + items >= cursor.announced) {
    return std::nullopt;
  }
  return fmt::format("the source announced {} records and named {}", cursor.announced,
                     cursor.listed + items);
}

}  // namespace freshet
