#include "core/totals.hpp"

#include <spdlog/fmt/fmt.h>

#include <charconv>
#include <cstddef>

#include "core/json.hpp"
#include "core/saturate.hpp"

namespace freshet {
namespace {

Error malformed(std::string_view what, std::string_view text) {
  return Error{Errc::malformed_payload, Retry::never, fmt::format("totals: {}: {}", what, text)};
}

std::optional<std::int64_t> count_of(const json::value& value) {
  const std::int64_t* count = value.if_int64();
  return count == nullptr ? std::nullopt : std::optional{*count};
}

}  // namespace

void Totals::add(std::string_view name, std::int64_t amount) {
  std::int64_t& counter = counters[std::string{name}];
  counter = add_saturated(counter, amount);
}

void Totals::add(const Totals& other) {
  for (const auto& [name, amount] : other.counters) {
    add(name, amount);
  }
}

std::int64_t Totals::at(std::string_view name) const {
  const auto found = counters.find(std::string{name});
  return found == counters.end() ? 0 : found->second;
}

std::int64_t Totals::sum(std::string_view name) const {
  std::int64_t sum = at(name);
  const std::string prefix = std::string{name} + ".";
  for (auto it = counters.lower_bound(prefix);
       it != counters.end() && it->first.starts_with(prefix); ++it) {
    sum = add_saturated(sum, it->second);
  }
  return sum;
}

std::string encode_totals_key(const TotalsKey& key) {
  return fmt::format("{}:{}:{}", key.kind, key.provider, key.partition);
}

Result<TotalsKey> parse_totals_key(std::string_view key) {
  const std::size_t first = key.find(':');
  const std::size_t last = key.rfind(':');
  if (first == std::string_view::npos || first == last) {
    return malformed("key is not kind:provider:partition", key);
  }
  TotalsKey out;
  out.kind = key.substr(0, first);
  out.provider = key.substr(first + 1, last - first - 1);
  const std::string_view number = key.substr(last + 1);
  const auto read = std::from_chars(number.data(), number.data() + number.size(), out.partition);
  if (read.ec != std::errc{} || read.ptr != number.data() + number.size() || out.partition < 0 ||
      out.kind.empty() || out.provider.empty()) {
    return malformed("key is not kind:provider:partition", key);
  }
  return out;
}

std::string encode_totals(const Totals& totals) {
  // A name that has both a count of its own and reasons keeps its own count under "".
  std::map<std::string_view, std::map<std::string_view, std::int64_t>> nested;
  json::object out;
  for (const auto& [name, amount] : totals.counters) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) {
      out.emplace(name, amount);
    } else {
      const std::string_view whole{name};
      nested[whole.substr(0, dot)][whole.substr(dot + 1)] = amount;
    }
  }
  for (const auto& [name, reasons] : nested) {
    json::object inner;
    if (const json::value* own = out.if_contains(name)) {
      inner.emplace("", *own);
    }
    for (const auto& [reason, amount] : reasons) {
      inner.emplace(reason, amount);
    }
    out.insert_or_assign(name, std::move(inner));
  }
  return to_json(out);
}

Result<Totals> parse_totals(std::string_view value) {
  const auto parsed = parse_json(value);
  if (!parsed) {
    return parsed.error();
  }
  const json::object* object = parsed->if_object();
  if (object == nullptr) {
    return malformed("not an object", value.substr(0, 80));
  }
  Totals totals;
  for (const auto& member : *object) {
    const std::string name{std::string_view{member.key()}};
    if (const auto count = count_of(member.value())) {
      totals.counters[name] = *count;
      continue;
    }
    const json::object* reasons = member.value().if_object();
    if (reasons == nullptr) {
      return malformed("neither a count nor counts by reason", name);
    }
    for (const auto& reason : *reasons) {
      const auto count = count_of(reason.value());
      if (!count) {
        return malformed("not a count", name);
      }
      const std::string_view under = reason.key();
      totals.counters[under.empty() ? name : fmt::format("{}.{}", name, under)] = *count;
    }
  }
  return totals;
}

}  // namespace freshet
