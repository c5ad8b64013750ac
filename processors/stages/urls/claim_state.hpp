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

#include "processors/url_claim.hpp"

namespace freshet {

/// Entries of the claims of one partition, as last committed, in the order of their keys.
class ClaimStore {
 public:
  ClaimStore() = default;
  ClaimStore(const ClaimStore&) = delete;
  ClaimStore& operator=(const ClaimStore&) = delete;
  virtual ~ClaimStore() = default;
  /// Replaces `value`. False when there is no such entry.
  virtual bool get(std::string_view key, std::string& value) = 0;
  /// Visits the entries whose keys begin with a URL's 16 bytes, until `visit` says false.
  virtual void each(
      std::string_view url,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) = 0;
};

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
/// hundred thousand, a placeholder picture say, no more per claim: only when its owner changes are
/// all of them read, to find the next and because all are to be told.
class ClaimState {
 public:
  explicit ClaimState(ClaimStore& store) : store_{store} {}

  /// Views live until the next change of the same URL.
  const std::optional<Claimant>& owner(const UrlHash& url);
  bool is_claimant(const UrlHash& url, std::string_view work_key);
  /// Whether anybody but the owner claims it.
  bool is_shared(const UrlHash& url);
  /// Visits all, the owner first.
  void each(const UrlHash& url, const std::function<void(std::string_view work_key)>& visit);

  void claim(const UrlHash& url, Claimant claimant);
  /// @return false when it was no claimant.
  bool release(const UrlHash& url, std::string_view work_key);

  /// What is to be written to the store, in the order of the keys; no value: to be deleted.
  std::vector<std::pair<std::string, std::optional<std::string>>> changes() const;
  /// Forgets the batch: it is in the store now, or it never happened.
  void clear() { urls_.clear(); }

 private:
  struct Url {
    std::optional<Claimant> owner;
    bool owner_changed = false;
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
  void set_owner(Url& known, std::optional<Claimant> owner);
  void promote_next(const UrlHash& url, Url& known);

  ClaimStore& store_;
  std::unordered_map<UrlHash, Url, HashOfUrl> urls_;
  std::string key_;  // kept for their memory
  std::string value_;
};

}  // namespace freshet
