#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dedupe_fixture.hpp"
#include "processors/state/claim_store.hpp"
#include "random.hpp"
#include "tests/unit/processors/urls/claims_fixture.hpp"

namespace freshet {

/// One partition of a compacted topic.
class Log {
 public:
  struct Record {
    std::int64_t offset;
    std::string key;
    std::optional<std::string> value;
  };
  void append(std::string key, std::optional<std::string> value) {
    records_.push_back({end_++, std::move(key), std::move(value)});
  }
  std::int64_t end() const { return end_; }
  /// The first that is left at or behind an offset; nullptr when there is none.
  const Record* next(std::int64_t from) const;
  /// Drops records that a later one of their key stands for: all, or some of them. Tombstones stay:
  /// the broker keeps them for a week.
  void compact(Random& random);

 private:
  std::vector<Record> records_;
  std::int64_t end_ = 0;
};

/// Loops with their partitions of works and claims, and the topics between them, where everything
/// that may happen to them happens at random: batches of any size and mixture, aborts, crashes
/// between commit and state, restores from empty, compaction.
class OwnershipWorld {
 public:
  struct Raw {
    std::string key;  ///< of the work
    std::string value;
    bool is_decision = false;  ///< `key` is then that of the decision, `work_key` the work's
    std::string work_key;
    std::uint32_t rules = 1;
  };
  OwnershipWorld(Random& random, std::int32_t partitions, std::int32_t claim_partitions);

  void send(const Raw& raw);
  /// Runs until everything that was sent, and all that came of it, has been read.
  void run();
  void run_without_accidents();

  /// The record of a work as it stands on the topic, nothing where there is none.
  std::optional<std::string> record(const std::string& key);
  std::size_t records_written() const;
  std::int64_t verdicts_sent() const { return verdicts_sent_; }
  std::size_t dead_letters() const;

  /// For tests that say themselves what comes when: one batch of a loop that takes all there is of
  /// one input.
  enum class Only { raw, claims, verdicts };
  void step(std::int32_t loop, Only only);
  void step_all(Only only);
  void compact();
  /// The process of a loop ends and starts again with an empty disk.
  void wipe(std::int32_t loop);

 private:
  struct Claims {
    Claims(std::int32_t partition, std::int32_t partitions)
        : urls{std::make_unique<Urls>(partition, partitions, store)} {}
    MapClaims store;
    ClaimsPosition position;  ///< on disk, like what is in `store`
    std::map<std::string, std::string, std::less<>> earlier_entries;
    ClaimsPosition earlier_position;
    std::unique_ptr<Urls> urls;
    Log log;
    std::int64_t next = 0;  ///< committed offset
  };
  struct Loop {
    Loop(std::int32_t number, std::int32_t partitions)
        : works{std::make_unique<OnePartition>(number, partitions)} {}
    std::unique_ptr<OnePartition> works;
    std::vector<Raw> raw;
    std::size_t next_raw = 0;
    Log verdicts;
    std::int64_t next_verdict = 0;
    std::unique_ptr<Claims> claims;
  };
  struct Taken {
    std::size_t next_raw;
    std::int64_t next_claim;
    std::int64_t next_verdict;
  };
  bool has_work(const Loop& loop) const;
  bool take_raw(Loop& loop, Taken& taken);
  bool take_claim(Loop& loop, Taken& taken, ListVerdicts& out);
  bool take_verdict(Loop& loop, Taken& taken);
  void begin(Loop& loop);
  void commit(Loop& loop, const Taken& taken, ListVerdicts& out);
  void abort(Loop& loop);
  void random_batch(Loop& loop, bool may_abort);
  void restore(std::int32_t number, bool works_too);
  void restore_claims(std::int32_t number);

  Random& random_;
  std::int32_t partitions_;
  std::int32_t claim_partitions_;
  std::vector<Loop> loops_;
  std::int64_t now_;
  std::int64_t verdicts_sent_ = 0;
  std::size_t letters_ = 0;
};

}  // namespace freshet
