#include "processors/stages/urls/urls.hpp"

#include <algorithm>
#include <cstring>

#include "core/check.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

// Where a record names no work, or none of a provider that is known here.
constexpr std::string_view kUnknownProvider = "unknown";

}  // namespace

void UrlCounts::add_to(Totals& totals) const {
  const auto add = [&](std::string_view name, std::int64_t amount) {
    if (amount != 0) {
      totals.add(name, amount);
    }
  };
  add("received", received);
  add("claimed", claimed);
  add("released", released);
  add("told", told);
  for (const auto& [reason, amount] : dead_lettered) {
    add("dead_lettered." + reason, amount);
  }
}

std::size_t Urls::HashOfUrl::operator()(const UrlHash& url) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, url.data(), sizeof hash);
  return hash;
}

Urls::Urls(std::int32_t partition, std::int32_t partitions, ClaimStore& store)
    : partition_{partition}, partitions_{partitions}, state_{store} {}

void Urls::restore_claim(const ClaimRecord& record) {
  const auto message = record.key && record.schema == schema_header::kUrlClaim
                           ? parse_claim(*record.key, record.value)
                           : Result<ClaimMessage>{Error{}};
  if (!message) {
    return;
  }
  if (message->is_release) {
    state_.release(message->url, message->work_key);
  } else {
    state_.claim(message->url, {message->created_on, std::string{message->work_key}});
  }
}

void Urls::restore_totals(std::string_view name, const Totals& totals) {
  const std::size_t colon = name.find(':');
  if (colon != std::string_view::npos && name.substr(0, colon) == kSumsKind) {
    totals_.insert_or_assign(std::string{name.substr(colon + 1)}, totals);
  }
}

void Urls::apply(const ClaimRecord& record, UrlsOutput& output) {
  const auto refuse = [&](const Error& error) {
    UrlCounts& sums = batch_counts_[std::string{kUnknownProvider}];
    ++sums.received;
    ++sums.dead_lettered[std::string{to_string(error.errc())}];
    output.dead_letter(error);
  };
  if (record.schema != schema_header::kUrlClaim) {
    return refuse(Error{Errc::unknown_schema, "schema", "header",
                        record.schema ? "schema header says " + std::string{*record.schema}
                                      : std::string{"no schema header"}});
  }
  if (!record.key) {
    return refuse(Error{Errc::wrong_key, "key", "required", "record without a key"});
  }
  const auto message = parse_claim(*record.key, record.value);
  if (!message) {
    return refuse(message.error());
  }
  if (partition_for_key(claim_partition_key(*record.key), partitions_) != partition_) {
    return refuse(Error{Errc::wrong_key, "key", "partition", "the URL belongs elsewhere"});
  }
  ++counts(message->work_key).received;
  if (message->is_release) {
    release(*message);
  } else {
    claim(*message);
  }
  if (record.offset < answer_all_before_) {
    audiences_[message->url].is_all = true;
  }
}

void Urls::claim(const ClaimMessage& message) {
  ++counts(message.work_key).claimed;
  if (state_.is_vacant(message.url)) {
    // All are told who comes next; to look for it after each claim would read all each time.
    state_.claim(message.url, {message.created_on, std::string{message.work_key}});
    audiences_[message.url].is_all = true;
    return;
  }
  const auto& owner = state_.owner(message.url);
  const std::optional<std::string> before = owner ? std::optional{owner->work_key} : std::nullopt;
  state_.claim(message.url, {message.created_on, std::string{message.work_key}});
  const std::string& after = state_.owner(message.url)->work_key;
  if (before && *before != after) {
    audiences_[message.url].is_all = true;
  } else if (message.answer || after != message.work_key ||
             (before && state_.is_shared(message.url))) {
    audiences_[message.url].works.emplace_back(message.work_key);
  }
}

void Urls::release(const ClaimMessage& message) {
  ++counts(message.work_key).released;
  const bool was_owner =
      state_.is_vacant(message.url) ||
      (state_.owner(message.url) && state_.owner(message.url)->work_key == message.work_key);
  const bool was_known = state_.release(message.url, message.work_key);
  if (was_owner || !was_known) {
    audiences_[message.url].is_all = true;
  }
}

void Urls::finish(UrlsOutput& output) {
  for (auto& [url, audience] : audiences_) {
    const auto owner = state_.owner(url);
    if (!owner) {
      continue;  // all have left it
    }
    if (audience.is_all) {
      state_.each(url,
                  [&](std::string_view work_key) { tell(work_key, url, owner->work_key, output); });
      continue;
    }
    std::ranges::sort(audience.works);
    const auto repeats = std::ranges::unique(audience.works);
    audience.works.erase(repeats.begin(), repeats.end());
    for (const std::string& work_key : audience.works) {
      if (state_.is_claimant(url, work_key)) {
        tell(work_key, url, owner->work_key, output);
      }
    }
  }
  audiences_.clear();
}

void Urls::tell(std::string_view work_key, const UrlHash& url, std::string_view owner,
                UrlsOutput& output) {
  ++counts(work_key).told;
  output.verdict(work_key, url, owner);
}

UrlCounts& Urls::counts(std::string_view work_key) {
  const auto parsed = parse_work_key(work_key);
  const std::string_view provider = parsed ? parsed->provider : kUnknownProvider;
  const auto found = batch_counts_.find(provider);
  return found != batch_counts_.end()
             ? found->second
             : batch_counts_.emplace(std::string{provider}, UrlCounts{}).first->second;
}

Totals Urls::sums_with_batch(const std::string& provider, const UrlCounts& counted) const {
  const auto before = totals_.find(provider);
  Totals sums = before == totals_.end() ? Totals{} : before->second;
  counted.add_to(sums);
  return sums;
}

std::vector<std::pair<std::string, std::string>> Urls::totals() const {
  std::vector<std::pair<std::string, std::string>> list;
  list.reserve(batch_counts_.size());
  for (const auto& [provider, counted] : batch_counts_) {
    list.emplace_back(std::string{kSumsKind} + ":" + provider,
                      encode_totals(sums_with_batch(provider, counted)));
  }
  return list;
}

void Urls::commit() {
  for (const auto& [provider, counted] : batch_counts_) {
    totals_.insert_or_assign(provider, sums_with_batch(provider, counted));
  }
  rollback();
}

void Urls::rollback() {
  state_.clear();
  audiences_.clear();
  batch_counts_.clear();
}

}  // namespace freshet
