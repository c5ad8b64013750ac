#include "sinks/progress.hpp"

#include <algorithm>
#include <utility>

namespace freshet {

ProgressTracker::Ticket ProgressTracker::begin(std::span<const PartitionProgress> progress) {
  batches_.push_back({next_ticket_, {progress.begin(), progress.end()}, false});
  return next_ticket_++;
}

void ProgressTracker::finish(Ticket ticket) {
  const auto found = std::find_if(batches_.begin(), batches_.end(),
                                  [ticket](const Entry& e) { return e.ticket == ticket; });
  if (found == batches_.end()) {
    return;  // of an assignment that is over
  }
  found->is_done = true;
  while (!batches_.empty() && batches_.front().is_done) {
    for (const PartitionProgress& one : batches_.front().progress) {
      done_[one.partition] = one.next;
    }
    batches_.pop_front();
  }
}

std::map<kafka::Partition, kafka::Offset> ProgressTracker::take_done() {
  return std::exchange(done_, {});
}

void ProgressTracker::clear() {
  batches_.clear();
  done_.clear();
}

}  // namespace freshet
