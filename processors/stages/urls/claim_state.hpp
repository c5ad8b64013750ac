#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "processors/record/url_claim.hpp"
#include "processors/state/claim_store.hpp"

namespace freshet {

/// A work that has a URL.
struct Claimant {
  UtcTime created_on;
  std::string work_key;
  /// The least owns: the earliest, ties by key.
  friend auto operator<=>(const Claimant&, const Claimant&) = default;
};

/// Who claims which URL, over what the store has, with the changes of a batch.
///
/// Under the 16 bytes of a URL lies its owner; under these and a work's key each other claimant. A
/// URL with one claimant, as nearly all are, costs one look-up and one small entry, and one with a
/// hundred thousand, a placeholder picture say, no more per claim: only when its owner left are all
/// of them read, to find the next, and that once per batch however many owners left in it: works
/// that their source drops together go in the order in which they came, each as the owner.
class ClaimState {
 public:
  explicit ClaimState(ClaimStore& store) : store_{store} {}

  /// Views live until the next change of the same URL. Looks for the next owner where it is vacant.
  const std::optional<Claimant>& owner(const UrlHash& url);
  /// Whether the owner left in this batch, and the next one was not asked for yet.
  bool is_vacant(const UrlHash& url) { return find(url).is_vacant; }
  bool is_claimant(const UrlHash& url, std::string_view work_key);
  /// Whether anybody but the owner claims it.
  bool is_shared(const UrlHash& url);
  /// Visits all, the owner first.
  void each(const UrlHash& url, const std::function<void(std::string_view work_key)>& visit);

  void claim(const UrlHash& url, Claimant claimant);
  /// @return false when it was no claimant.
  bool release(const UrlHash& url, std::string_view work_key);

  /// What is to be written to the store, in the order of the keys; no value: to be deleted.
  std::vector<std::pair<std::string, std::optional<std::string>>> changes();
  /// Forgets the batch: it is in the store now, or it never happened.
  void clear() { urls_.clear(); }

 private:
  struct Url {
    std::optional<Claimant> owner;
    bool owner_changed = false;
    bool is_vacant = false;  ///< the earliest of `others` owns it
    /// Other claimants that came or, with nothing, went in this batch.
    std::map<std::string, std::optional<UtcTime>, std::less<>> others;
  };
  struct HashOfUrl {
    std::size_t operator()(const UrlHash& url) const noexcept;  // it is a hash already
  };
  Url& find(const UrlHash& url);
  std::optional<UtcTime> other(const UrlHash& url, const Url& known, std::string_view work_key);
  void each_other(const UrlHash& url, const Url& known,
                  const std::function<bool(std::string_view, UtcTime)>& visit);
  static void set_owner(Url& known, std::optional<Claimant> owner);
  static void vacate(Url& known);
  void promote_next(const UrlHash& url, Url& known);
  Url& find_with_owner(const UrlHash& url);

  ClaimStore& store_;
  std::unordered_map<UrlHash, Url, HashOfUrl> urls_;
  std::string key_;  // kept for their memory
  std::string value_;
};

}  // namespace freshet
