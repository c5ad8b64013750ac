#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/json.hpp"
#include "producers/emit.hpp"
#include "producers/list_guard.hpp"
#include "producers/output.hpp"
#include "producers/run_counts.hpp"
#include "producers/sighting.hpp"

namespace freshet {

/// What `--rejects` says of a record that goes no further.
struct Refusal {
  std::string foreign_identifier;  ///< empty: unknown
  std::string_view outcome;        ///< `dropped` or `rejected`
  std::string reason;
  std::string field;
  std::string rule;
};

/// Where a raw record stands in its source.
struct ListedItem {
  const json::value& item;
  const std::string& url;  ///< of the list request, without credentials
  std::int64_t number;     ///< in its reply, from 1
};

/// Hands over what raw records make: each draft becomes a sighting, a drop or a rejection, each
/// removal a record, and is counted as `listed` and as one of these.
class RunDelivery {
 public:
  struct Parts {
    const ProviderSpec& spec;
    Output& output;
    RunCounts& counts;
    GrowingTime& times;
    const std::string& run_id;
    std::function<void(const Refusal&)> on_refusal;  ///< may be null
    std::optional<std::int64_t> limit;               ///< records emitted
  };
  explicit RunDelivery(Parts parts) : parts_{std::move(parts)} {}

  /// @param guard  is told of each record.
  /// @error the output's: nothing after the last checkpoint counts.
  Result<void> take(const Emit& emit, const ListedItem& from, ListGuard& guard);

  bool is_at_limit() const noexcept { return parts_.limit && emitted_ >= *parts_.limit; }
  /// Sightings handed over by this process.
  std::int64_t emitted() const noexcept { return emitted_; }

 private:
  Result<void> deliver(const Draft& draft, const ListedItem& from);
  Result<void> deliver(const Removal& removal, const ListedItem& from);
  Result<void> put_aside(Rejection rejection, const std::string& identifier);
  void drop(const std::string& provider, ProducerDrop reason, const std::string& identifier);

  Parts parts_;
  std::int64_t emitted_ = 0;
};

}  // namespace freshet
