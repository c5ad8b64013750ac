#include "producers/set_end.hpp"

#include <utility>

#include "producers/run_cursor.hpp"

namespace freshet {

SetEnds::End SetEnds::page_read(Cursor& cursor, const ReadPage& page, const SetFacts& facts,
                                std::optional<Params>& following) {
  if (page.announced && *page.announced > 0) {
    note_announced(cursor, *page.announced);
  }
  is_doubted_again_ = cursor.doubted_at.has_value();
  bool is_unproven = false;
  if (page.items == 0 && facts.paging == Paging::counted) {
    following.reset();
    if (!is_end_proven(cursor, facts.batch_limit)) {
      if (page.is_unexplained) {
        return {Verdict::failed,
                "an empty page after a full one, and nothing says that all is well"};
      }
      cursor.doubted_at = cursor.doubted_at.value_or(facts.now);
      unproven_at_ = page.is_of_last_set ? std::optional{cursor} : std::nullopt;
      is_unproven = true;
    }
  }
  if (following) {
    return {Verdict::goes_on};
  }
  End end = judge_set(cursor, page, facts);
  if (end.verdict != Verdict::ask_again) {
    // Not before: a page that is asked for again may prove the end after all.
    cursor.is_unproven = cursor.is_unproven || is_unproven;
  }
  return end;
}

// The source says that the set is done: has it named as many records as it announced?
SetEnds::End SetEnds::judge_set(Cursor& cursor, const ReadPage& page, const SetFacts& facts) {
  const auto missing = missing_in_set(cursor, page.items);
  if (!missing || facts.is_partial) {
    return {Verdict::done};
  }
  if (facts.accepts_fewer) {
    return {Verdict::accepted, *missing};
  }
  if (is_doubted_again_ && cursor.item == page.items && cursor.last_item == page.last_item) {
    // Asked for again, the page is the same. Asking a third time would stop the provider for good,
    // and keep the sets behind this one from being read.
    return {Verdict::incomplete,
            *missing + ", again; --accept-fewer says that the source really has no more"};
  }
  cursor.item = page.items;  // asked for again, they need no requests again
  cursor.last_item = page.last_item;
  cursor.doubted_at = cursor.doubted_at.value_or(facts.now);
  return {Verdict::ask_again,
          *missing +
              "; the next run asks for its last page again, --restart for all, and "
              "--accept-fewer says that the source really has no more"};
}

// An earlier process found the page empty, long ago, and nothing else is in doubt.
bool SetEnds::is_end_confirmed(UtcTime now) const {
  return is_doubted_again_ && unproven_at_ && !unproven_at_->is_unproven &&
         now - *unproven_at_->doubted_at >= kDoubtRests;
}

RunEnd SetEnds::end_of_run(const Cursor& cursor, bool is_first_run, UtcTime now) const {
  if (!cursor.is_unproven) {
    return RunEnd::proven;
  }
  return is_first_run || is_end_confirmed(now) ? RunEnd::believed : RunEnd::unproven;
}

// What is missing is where the doubt is, and comes with the next run; or it may be anywhere. An end
// that was found again may be the end, or not: a new run reads at least what there is.
Cursor SetEnds::place_of_doubt(bool has_full_runs, json::object arguments) const {
  const bool is_waited_for = !has_full_runs || !is_doubted_again_;
  if (unproven_at_ && !unproven_at_->is_unproven && is_waited_for) {
    return *unproven_at_;
  }
  Cursor from_start;
  from_start.arguments = std::move(arguments);
  return from_start;
}

}  // namespace freshet
