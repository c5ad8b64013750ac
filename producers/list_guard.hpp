#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace freshet {

/// Finds a sequence that goes in circles, in constant memory. It remembers one element and compares
/// each later one with it. The remembered element moves on at powers of two, so a cycle is found
/// within about three times the sum of its length and of what came before it.
///
/// @source  R. P. Brent, "An improved Monte Carlo factorization algorithm", 1980.
struct CycleMark {
  std::uint64_t mark = 0;
  std::int64_t power = 1;
  std::int64_t length = 0;  ///< elements since the mark; 0: none yet

  /// Takes the next element. True when it is the remembered one.
  bool meets(std::uint64_t value) noexcept;

  json::value to_json() const;
  static CycleMark from_json(const json::value& value);
};

/// The part of a guard that a cursor keeps: a run that is resumed again and again must not go in
/// circles either.
struct ListMarks {
  CycleMark requests;
  CycleMark pages;
  std::int64_t pages_met = 0;    ///< pages that came back, of those that are marked
  std::int64_t empty_pages = 0;  ///< in a row
};

/// Recognises a list that does not move on: a request that was made before, the same pages in turn,
/// or pages with nothing new.
///
/// It looks at one set at a time, so two sets may hold the same. Memory is bounded (about 2 MiB):
/// it remembers recent requests and records, and one mark each of all earlier ones.
/// @thread_safety  One thread.
class ListGuard {
 public:
  ListGuard();

  void start_set(std::uint64_t number);
  /// Goes on in a set: the next request is the one that was interrupted, and may repeat itself.
  void resume_set(std::uint64_t number, const ListMarks& marks);

  /// A request is about to be made. False: it was made before in this set.
  [[nodiscard]] bool asks_anew(std::uint64_t request);
  /// Notes a record of the present page.
  /// @param record  a hash that identifies it.
  void saw(std::uint64_t record);
  /// The page is done, and the set goes on.
  /// @return why the list does not move on; nothing: it may.
  [[nodiscard]] std::optional<std::string> end_page();

  const ListMarks& marks() const noexcept { return marks_; }

 private:
  static constexpr std::size_t kRecentRequests = 1'024;
  static constexpr std::size_t kRecentRecords = 1U << 18U;
  static constexpr int kMaxStalePages = 10;
  static constexpr std::int64_t kMaxEmptyPages = 100;
  static constexpr std::int64_t kMaxMeetings = 3;

  std::array<std::uint64_t, kRecentRequests> requests_{};
  std::size_t next_request_ = 0;
  std::vector<std::uint64_t> records_;  ///< by the low bits of their hash; a newer one replaces
  std::uint64_t salt_ = 0;              ///< of the set, instead of clearing all of it
  ListMarks marks_;
  bool may_repeat_ = false;
  std::uint64_t page_ = 0;  ///< fingerprint of the present page
  std::int64_t on_page_ = 0;
  std::int64_t new_on_page_ = 0;
  int stale_pages_ = 0;
};

}  // namespace freshet
