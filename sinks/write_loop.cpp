#include "sinks/write_loop.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"

namespace freshet {
namespace {

bool is_final(const Error& error) {
  return error.retry() == Retry::never || error.errc() == Errc::fenced;
}

/// Moves the records that are to be sent again into `left`, and returns why the first of them is.
std::optional<Error> keep_waiting(const WriteReport& report, std::span<const SinkRecord> sent,
                                  std::vector<SinkRecord>& left) {
  std::optional<Error> why;
  std::vector<SinkRecord> waiting;
  for (const Rejected& rejected : report.rejected) {
    if (rejected.error.retry() == Retry::after_backoff) {
      waiting.push_back(sent[rejected.index]);
      if (!why) {
        why = rejected.error;
      }
    }
  }
  left = std::move(waiting);
  return why;
}

}  // namespace

std::chrono::milliseconds BackOffTimes::wait_after(std::size_t attempts, double jitter) const {
  const std::size_t doublings = std::min<std::size_t>(attempts - 1, 20);
  const auto wait = std::min(most, first * (std::int64_t{1} << doublings));
  const double factor = 0.8 + 0.4 * jitter;
  return std::chrono::milliseconds{
      static_cast<std::int64_t>(static_cast<double>(wait.count()) * factor)};
}

Result<WriteSummary> write_until_done(Sink& sink, std::span<const SinkRecord> records,
                                      std::span<const PartitionProgress> progress, PutAside& aside,
                                      const BackOff& back_off) {
  WriteSummary summary;
  std::vector<SinkRecord> left{records.begin(), records.end()};
  std::size_t attempts_in_vain = 0;
  for (;;) {
    const SinkBatch batch{left, progress};
    ++summary.attempts;
    auto report = sink.write(batch, aside);
    if (report) {
      FRESHET_CHECK(report->written + report->stale + report->too_old + report->rejected.size() ==
                    left.size());
      // Safe before anything of this report counts: otherwise the same is done again.
      if (auto put = aside.put(batch, report->rejected); !put) {
        report = put.error();
      }
    }
    Error why;
    if (!report) {
      why = report.error();
      if (is_final(why)) {
        return why;
      }
      ++attempts_in_vain;
    } else {
      summary.written += report->written;
      summary.stale += report->stale;
      summary.too_old += report->too_old;
      summary.splits += report->splits;
      summary.left_out.insert(summary.left_out.end(), report->left_out.begin(),
                              report->left_out.end());
      const std::size_t sent = left.size();
      std::vector<SinkRecord> waiting;
      const auto refused = keep_waiting(*report, left, waiting);
      summary.put_aside += report->rejected.size() - waiting.size();
      if (waiting.empty()) {
        return summary;
      }
      why = *refused;
      attempts_in_vain = waiting.size() == sent ? attempts_in_vain + 1 : 1;
      left = std::move(waiting);
    }
    if (!back_off(why, attempts_in_vain)) {
      return Error{why.errc(), Retry::after_backoff, why.message()};
    }
  }
}

}  // namespace freshet
