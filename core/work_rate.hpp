#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// How many records a second a reader does while it has enough to do: what a replay will take is
/// reckoned from it.
///
/// Only seconds at whose end something was left count as full work; while there was none, the best
/// second stands in for it. The rate follows the last ten full seconds or so. Readers commit it
/// beside their offsets (`Consumer::set_commit_note`), so it is known also when none of them runs.
///
/// @thread_safety  One thread at a time.
class WorkRate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit WorkRate(Time now) : since_{now} {}

  void done(std::size_t records) { records_ += records; }
  /// Ends a second, once one has passed.
  /// @param is_behind  something is left to do now.
  void look(Time now, bool is_behind);
  /// Records a second; 0: nothing was done yet.
  double per_second() const { return full_ > 0 ? full_ : best_; }

  struct Note {
    double per_second = 0;
    std::string member;
  };
  /// `rate=1234.5 of=<member>`; empty while nothing is known. A member commits the same note for
  /// each of its partitions.
  std::string note(std::string_view member) const;
  /// Nothing: it says something else.
  static std::optional<Note> parse_note(std::string_view note);
  /// Of a group: the rates of its members, each once.
  template <class Notes>
  static double sum(const Notes& notes) {
    std::map<std::string, double> by_member;
    for (const auto& [at, text] : notes) {
      if (const auto note = parse_note(text)) {
        by_member[note->member] = note->per_second;
      }
    }
    double all = 0;
    for (const auto& [member, rate] : by_member) {
      all += rate;
    }
    return all;
  }

 private:
  Time since_;
  std::size_t records_ = 0;
  bool was_behind_ = false;
  double full_ = 0;
  double best_ = 0;
};

}  // namespace freshet
