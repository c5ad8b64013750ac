#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "sinks/sink.hpp"

namespace freshet::testing {

/// A store in memory: offset by key, newest wins; refuses what it is told to.
class FakeSink final : public Sink {
 public:
  using Judge = std::function<std::optional<Error>(const SinkRecord&)>;
  using JudgeBatch = std::function<std::optional<Error>(const SinkBatch&)>;

  Result<WriteReport> write(const SinkBatch& batch, PutAside& /*aside*/) override {
    const std::scoped_lock lock{mutex};
    batches.emplace_back();
    for (const SinkRecord& record : batch.records) {
      batches.back().emplace_back(record.key);
    }
    if (judge_batch) {
      if (auto error = judge_batch(batch)) {
        return *error;
      }
    }
    WriteReport report;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const SinkRecord& record = batch.records[i];
      if (judge) {
        if (auto error = judge(record)) {
          report.rejected.push_back({i, *error, RefusedBy::store});
          continue;
        }
      }
      auto& stored = rows[std::string{record.key}];
      if (stored > record.offset.value) {
        ++report.stale;
      } else {
        stored = record.offset.value;
        ++report.written;
      }
    }
    return report;
  }

  Result<std::map<kafka::Partition, kafka::Offset>> start_offsets(
      std::span<const kafka::Partition>) override {
    return std::map<kafka::Partition, kafka::Offset>{};
  }
  Result<void> check() override { return {}; }

  Judge judge;             ///< called with the lock held
  JudgeBatch judge_batch;  ///< likewise
  std::mutex mutex;
  std::map<std::string, std::int64_t> rows;
  std::vector<std::vector<std::string>> batches;  ///< keys of each write, in order
};

/// Writes nothing until the cork is drawn.
class CorkedSink final : public Sink {
 public:
  Result<WriteReport> write(const SinkBatch& batch, PutAside& /*aside*/) override {
    std::unique_lock lock{mutex_};
    sizes_.push_back(batch.records.size());
    changed_.notify_all();
    changed_.wait(lock, [this] { return !is_corked_; });
    WriteReport report;
    report.written = batch.records.size();
    return report;
  }
  Result<std::map<kafka::Partition, kafka::Offset>> start_offsets(
      std::span<const kafka::Partition>) override {
    return std::map<kafka::Partition, kafka::Offset>{};
  }
  Result<void> check() override { return {}; }

  void uncork() {
    const std::scoped_lock lock{mutex_};
    is_corked_ = false;
    changed_.notify_all();
  }
  /// Waits until so many writes have begun.
  std::vector<std::size_t> await_writes(std::size_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return sizes_.size() >= count; });
    return sizes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_corked_ = true;
  std::vector<std::size_t> sizes_;
};

/// Remembers what was put aside, by offset.
class FakeAside final : public PutAside {
 public:
  Result<void> put(const SinkBatch& batch, std::span<const Rejected> rejected) override {
    if (!failures.empty()) {
      const Error error = failures.front();
      failures.pop_front();
      return error;
    }
    for (const Rejected& one : rejected) {
      if (one.error.retry() == Retry::never) {
        letters.emplace(batch.records[one.index].offset.value, one.error);
      }
    }
    return {};
  }
  std::map<std::int64_t, Error> letters;
  std::deque<Error> failures;
};

}  // namespace freshet::testing
