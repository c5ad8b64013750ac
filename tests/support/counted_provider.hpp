#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "producers/provider.hpp"

namespace freshet::test {

/// Passes everything on, and counts the raw records that were expanded. Which record one belongs to
/// is known where they are expanded one at a time (`most_in_flight`).
class CountedProvider final : public Provider {
 public:
  explicit CountedProvider(Provider& inner) : inner_{inner} {}
  const ProviderSpec& spec() const override { return inner_.spec(); }
  Result<std::vector<Params>> fixed_sets(Run& run, Fetch& fetch) override {
    return inner_.fixed_sets(run, fetch);
  }
  std::optional<Params> next(Run& run, const Reply* previous) override {
    return inner_.next(run, previous);
  }
  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    return inner_.fetch_page(fetch, params);
  }
  std::vector<const json::value*> items(const Reply& reply) const override {
    return inner_.items(reply);
  }
  std::optional<std::string> fault_of(const json::value& body) const override {
    return inner_.fault_of(body);
  }
  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return inner_.announced(reply);
  }
  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    ++items_;
    inner_.expand(item, fetch, emit);
  }
  std::size_t items_seen() const { return items_; }

 private:
  Provider& inner_;
  std::size_t items_ = 0;
};

}  // namespace freshet::test
