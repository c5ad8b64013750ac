#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "core/json.hpp"
#include "producers/emit.hpp"
#include "producers/fetch.hpp"
#include "producers/provider.hpp"

namespace freshet {

/// What came of one raw record.
struct Expanded {
  Emit emit;
  Fetch::Spent spent;
};

/// Expands the raw records of a page and gives the results in the order of the list.
///
/// With one in flight each is expanded when its result is asked for, on the caller's thread. With
/// more, as many threads work ahead, at most four records each beyond the one that is asked for.
/// @thread_safety  The caller's thread; the provider's `expand` is called from several where more
///                 than one is in flight.
class PageExpander {
 public:
  /// @param in_flight  at least 1.
  PageExpander(Provider& provider, FetchSession& session, int in_flight);
  ~PageExpander();
  PageExpander(const PageExpander&) = delete;
  PageExpander& operator=(const PageExpander&) = delete;

  /// A page that is being expanded; at its end what is under way is waited for and lost.
  class Page {
   public:
    /// @param items  outlive this.
    Page(PageExpander& expander, std::span<const json::value* const> items, std::size_t first)
        : expander_{expander} {
      expander_.begin(items, first);
    }
    ~Page() { expander_.end(); }
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;

   private:
    PageExpander& expander_;
  };

  /// The result of the next item of the page.
  Expanded take();

 private:
  void begin(std::span<const json::value* const> items, std::size_t first);
  void end();
  struct Slot {
    bool is_done = false;
    Expanded result;
  };
  void work(const std::stop_token& stop);
  Expanded expand(const json::value& item, Fetch& fetch) const;
  bool has_work() const;

  Provider& provider_;
  FetchSession& session_;
  Fetch fetch_;  // of the caller's thread
  std::mutex mutex_;
  std::condition_variable_any work_;
  std::condition_variable_any done_;
  std::span<const json::value* const> items_;
  std::size_t next_ = 0;   // to be expanded
  std::size_t taken_ = 0;  // by the caller
  int working_ = 0;
  std::vector<Slot> slots_;  // of item i at i modulo its size; none: nobody works ahead
  std::vector<std::jthread> threads_;
};

}  // namespace freshet
