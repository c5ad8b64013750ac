#include "processors/stages/urls/claim_state.hpp"

#include <algorithm>
#include <cstring>

#include "core/key.hpp"

namespace freshet {
namespace {

constexpr std::size_t kTimeBytes = 8;

std::string_view bytes_of(const UrlHash& url) { return {url.data(), url.size()}; }

void append_millis(std::string& out, UtcTime time) {
  const auto millis = static_cast<std::uint64_t>(time.millis());
  for (unsigned shift = 64; shift != 0;) {
    shift -= 8;
    out += static_cast<char>(millis >> shift & 0xffU);
  }
}

// Nothing where the bytes are no time: the disk may say anything.
std::optional<UtcTime> read_millis(std::string_view bytes) {
  if (bytes.size() < kTimeBytes) {
    return std::nullopt;
  }
  std::uint64_t millis = 0;
  for (const char c : bytes.substr(0, kTimeBytes)) {
    millis = millis << 8U | static_cast<std::uint8_t>(c);
  }
  return UtcTime::from_millis(static_cast<std::int64_t>(millis));
}

}  // namespace

std::size_t ClaimState::HashOfUrl::operator()(const UrlHash& url) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, url.data(), sizeof hash);
  return hash;
}

ClaimState::Url& ClaimState::find(const UrlHash& url) {
  const auto [found, is_new] = urls_.try_emplace(url);
  if (is_new && store_.get(bytes_of(url), value_)) {
    const auto created_on = read_millis(value_);
    if (created_on && parse_work_key(std::string_view{value_}.substr(kTimeBytes))) {
      found->second.owner =
          Claimant{*created_on, std::string{std::string_view{value_}.substr(kTimeBytes)}};
    }
  }
  return found->second;
}

std::optional<UtcTime> ClaimState::other(const UrlHash& url, const Url& known,
                                         std::string_view work_key) {
  if (const auto found = known.others.find(work_key); found != known.others.end()) {
    return found->second;
  }
  key_.assign(bytes_of(url)).append(work_key);
  return store_.get(key_, value_) ? read_millis(value_) : std::nullopt;
}

// Those of the store that the batch left alone, then those of the batch.
void ClaimState::each_other(const UrlHash& url, const Url& known,
                            const std::function<bool(std::string_view, UtcTime)>& visit) {
  bool goes_on = true;
  store_.each(bytes_of(url), [&](std::string_view key, std::string_view value) {
    const std::string_view work_key = key.substr(url.size());
    const auto created_on = read_millis(value);
    if (created_on && !work_key.empty() && !known.others.contains(work_key)) {
      goes_on = visit(work_key, *created_on);
    }
    return goes_on;
  });
  for (auto it = known.others.begin(); goes_on && it != known.others.end(); ++it) {
    goes_on = !it->second || visit(it->first, *it->second);
  }
}

ClaimState::Url& ClaimState::find_with_owner(const UrlHash& url) {
  Url& known = find(url);
  if (known.is_vacant) {
    promote_next(url, known);
  }
  return known;
}

const std::optional<Claimant>& ClaimState::owner(const UrlHash& url) {
  return find_with_owner(url).owner;
}

bool ClaimState::is_claimant(const UrlHash& url, std::string_view work_key) {
  const Url& known = find_with_owner(url);
  return known.owner &&
         (known.owner->work_key == work_key || other(url, known, work_key).has_value());
}

bool ClaimState::is_shared(const UrlHash& url) {
  bool shared = false;
  each_other(url, find_with_owner(url), [&](std::string_view, UtcTime) {
    shared = true;
    return false;
  });
  return shared;
}

void ClaimState::each(const UrlHash& url,
                      const std::function<void(std::string_view work_key)>& visit) {
  const Url& known = find_with_owner(url);
  if (known.owner) {
    visit(known.owner->work_key);
    each_other(url, known, [&](std::string_view work_key, UtcTime) {
      visit(work_key);
      return true;
    });
  }
}

void ClaimState::claim(const UrlHash& url, Claimant claimant) {
  Url& known = find(url);
  if (known.is_vacant) {
    known.others.insert_or_assign(std::move(claimant.work_key), claimant.created_on);
    return;
  }
  if (!known.owner) {
    return set_owner(known, std::move(claimant));
  }
  if (known.owner->work_key == claimant.work_key) {
    if (claimant.created_on <= known.owner->created_on) {
      return set_owner(known, std::move(claimant));
    }
    // Later than it said before: perhaps another is the earliest now.
    known.others.insert_or_assign(std::move(claimant.work_key), claimant.created_on);
    return vacate(known);
  }
  if (claimant < *known.owner) {
    known.others.insert_or_assign(std::move(known.owner->work_key), known.owner->created_on);
    if (other(url, known, claimant.work_key)) {
      known.others.insert_or_assign(claimant.work_key, std::nullopt);
    }
    return set_owner(known, std::move(claimant));
  }
  known.others.insert_or_assign(std::move(claimant.work_key), claimant.created_on);
}

bool ClaimState::release(const UrlHash& url, std::string_view work_key) {
  Url& known = find(url);
  if (!known.owner && !known.is_vacant) {
    return false;
  }
  if (known.owner && known.owner->work_key == work_key) {
    vacate(known);
    return true;
  }
  if (!other(url, known, work_key)) {
    return false;
  }
  known.others.insert_or_assign(std::string{work_key}, std::nullopt);
  return true;
}

void ClaimState::set_owner(Url& known, std::optional<Claimant> owner) {
  known.owner = std::move(owner);
  known.owner_changed = true;
  known.is_vacant = false;
}

void ClaimState::vacate(Url& known) {
  set_owner(known, std::nullopt);
  known.is_vacant = true;
}

void ClaimState::promote_next(const UrlHash& url, Url& known) {
  std::optional<Claimant> next;
  each_other(url, known, [&](std::string_view work_key, UtcTime created_on) {
    if (!next || created_on < next->created_on ||
        (created_on == next->created_on && work_key < next->work_key)) {
      next = Claimant{created_on, std::string{work_key}};
    }
    return true;
  });
  if (next) {
    known.others.insert_or_assign(next->work_key, std::nullopt);
  }
  set_owner(known, std::move(next));
}

std::vector<std::pair<std::string, std::optional<std::string>>> ClaimState::changes() {
  std::vector<std::pair<std::string, std::optional<std::string>>> list;
  list.reserve(urls_.size());
  for (auto& [url, known] : urls_) {
    if (known.is_vacant) {
      promote_next(url, known);
    }
    const std::string_view prefix = bytes_of(url);
    if (known.owner_changed) {
      std::optional<std::string> value;
      if (known.owner) {
        append_millis(value.emplace(), known.owner->created_on);
        *value += known.owner->work_key;
      }
      list.emplace_back(prefix, std::move(value));
    }
    for (const auto& [work_key, created_on] : known.others) {
      std::optional<std::string> value;
      if (created_on) {
        append_millis(value.emplace(), *created_on);
      }
      list.emplace_back(std::string{prefix} + work_key, std::move(value));
    }
  }
  std::ranges::sort(list, {},
                    [](const auto& change) -> const std::string& { return change.first; });
  return list;
}

}  // namespace freshet
