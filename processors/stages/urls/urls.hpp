#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/totals.hpp"
#include "processors/stages/urls/claim_state.hpp"

namespace freshet {

/// A record as the stage takes it from the topic; views live as long as the call.
struct ClaimRecord {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::optional<std::string_view> schema;  ///< header `schema`
  std::int64_t offset = 0;
};

/// Where the stage sends what it makes, within the transaction of the batch.
class UrlsOutput {
 public:
  UrlsOutput() = default;
  UrlsOutput(const UrlsOutput&) = delete;
  UrlsOutput& operator=(const UrlsOutput&) = delete;
  virtual ~UrlsOutput() = default;
  virtual void verdict(std::string_view work_key, const UrlHash& url, std::string_view owner) = 0;
  /// The message being applied cannot be used.
  virtual void dead_letter(const Error& error) = 0;
};

/// What one batch counted for the works of one provider; named as in core/totals.hpp.
struct UrlCounts {
  std::int64_t received = 0;
  std::int64_t claimed = 0;
  std::int64_t released = 0;
  std::int64_t told = 0;
  std::map<std::string, std::int64_t, std::less<>> dead_lettered;  ///< by Errc

  void add_to(Totals& totals) const;
};

/// Stage `urls` over one partition of the claims: keeps who claims which URL, and tells who owns
/// it.
///
/// A claim never depends on a verdict, so it converges: of the claimants the earliest `created_on`
/// owns, ties by key, whatever the order in which they come. A verdict goes
/// * to every claimant of a URL whose owner changed;
/// * to the claimant that claimed, if others claim the URL too or it asked for an answer;
/// * to all that remain when a claim is released that is not known here: it may have been compacted
///   away before a restore, and who was told of it may still believe it;
/// and for the only and first claim of a new work, as nearly all are, to nobody.
/// Verdicts are sent at the end of the batch, once per claimant, about the state by then.
///
/// An instance belongs to one loop at a time.
class Urls {
 public:
  /// Of its sums.
  static constexpr std::string_view kSumsKind = totals_kind::kUrls;

  /// @param partitions  of the topic of claims.
  Urls(std::int32_t partition, std::int32_t partitions, ClaimStore& store);

  /// Restore: a record of the topic that was taken by an earlier owner, who told whom it concerned.
  /// Records that cannot be used were put aside then.
  void restore_claim(const ClaimRecord& record);
  /// Sums as last written. @param name  as `totals` gives it; those of other steps are ignored.
  void restore_totals(std::string_view name, const Totals& totals);
  /// Each record at an offset below `end` is answered to *all* claimants of its URL. Called after a
  /// restore that had to read. Compaction may have removed claims from what was read, because of
  /// releases that are yet to be read, and other claimants were told of these claims. The bound has
  /// to be kept over restarts.
  void answer_all_before(std::int64_t end) { answer_all_before_ = end; }
  std::int64_t answer_all_before() const { return answer_all_before_; }

  void apply(const ClaimRecord& record, UrlsOutput& output);
  /// Sends the verdicts of the batch.
  void finish(UrlsOutput& output);

  /// What is to be written to the store when the batch, or what was restored, is committed.
  std::vector<std::pair<std::string, std::optional<std::string>>> changes() {
    return state_.changes();
  }
  /// Sums that the batch changed, including it: `urls:<provider>`, and the value on the topic.
  std::vector<std::pair<std::string, std::string>> totals() const;
  const std::map<std::string, UrlCounts, std::less<>>& counted() const { return batch_counts_; }

  /// The batch was committed, and the store has its changes.
  void commit();
  /// The batch never happened.
  void rollback();

 private:
  // Who is to be told about a URL at the end of the batch.
  struct Audience {
    bool is_all = false;
    std::vector<std::string> works;
  };
  struct HashOfUrl {
    std::size_t operator()(const UrlHash& url) const noexcept;
  };
  void claim(const ClaimMessage& message);
  void release(const ClaimMessage& message);
  void tell(std::string_view work_key, const UrlHash& url, std::string_view owner,
            UrlsOutput& output);
  UrlCounts& counts(std::string_view work_key);
  Totals sums_with_batch(const std::string& provider, const UrlCounts& counted) const;

  std::int32_t partition_;
  std::int32_t partitions_;
  ClaimState state_;
  std::map<std::string, Totals, std::less<>> totals_;
  std::int64_t answer_all_before_ = 0;

  // Of the batch.
  std::unordered_map<UrlHash, Audience, HashOfUrl> audiences_;
  std::map<std::string, UrlCounts, std::less<>> batch_counts_;
};

}  // namespace freshet
