#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <vector>

#include "sinks/sink.hpp"

namespace freshet {

/// Which offsets are done when batches finish in any order: those below the lowest unfinished one.
///
/// ```
///   batch     1 done   2 writing   3 done        done up to the end of batch 1
///   batch     1 done   2 done      3 done        done up to the end of batch 3
/// ```
/// @thread_safety  None of its own.
class ProgressTracker {
 public:
  using Ticket = std::uint64_t;

  /// Notes a batch that a writer takes. Call it in the order in which the records were read.
  Ticket begin(std::span<const PartitionProgress> progress);
  void finish(Ticket ticket);
  /// Next offsets by partition that became done since the last call.
  std::map<kafka::Partition, kafka::Offset> take_done();
  bool is_idle() const { return batches_.empty(); }
  /// Forgets everything; earlier tickets mean nothing any more.
  void clear();

 private:
  struct Entry {
    Ticket ticket = 0;
    std::vector<PartitionProgress> progress;
    bool is_done = false;
  };
  std::deque<Entry> batches_;
  std::map<kafka::Partition, kafka::Offset> done_;
  Ticket next_ticket_ = 1;
};

}  // namespace freshet
