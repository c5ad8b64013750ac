#include "api/usage/notes.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

constexpr std::array<std::string_view, 9> kFilters{"license",   "license_type", "category",
                                                   "extension", "aspect_ratio", "size",
                                                   "length",    "source",       "tags"};
constexpr std::size_t kLongestHost = 253;

std::string shortened(std::string_view text, std::size_t most) {
  std::string out{first_code_points(text, most)};
  std::erase(out, '\0');
  return out;
}

std::optional<usage::Event> begin_event(const Services& services, const Request& request,
                                        std::string_view type) {
  if (!services.usage.is_enabled() || request.page.opts_out) {
    return std::nullopt;
  }
  usage::Event event;
  event.event_id = usage::make_event_id();
  event.type = type;
  event.occurred_at = event.received_at = SystemClock{}.now();
  event.agent = request.page.agent;
  event.origin = usage::Origin::api;
  return event;
}

json::object filters_of(const Query& query) {
  json::object filters;
  for (const std::string_view name : kFilters) {
    const std::string* const given = query.find_filled(name);
    if (given == nullptr) {
      continue;
    }
    json::array list;
    std::string_view rest = *given;
    while (!rest.empty() && list.size() < usage::kMostTexts) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string one = shortened(trim_space(rest.substr(0, comma)), 80);
      if (!one.empty()) {
        list.emplace_back(json::string_view{one});
      }
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (!list.empty()) {
      filters.emplace(name, std::move(list));
    }
  }
  return filters;
}

}  // namespace

void note_search(const Services& services, const Call& call, std::int64_t result_count) {
  auto event = begin_event(services, call.request, "SEARCH_EVENT");
  if (!event) {
    return;
  }
  const Query& query = call.request.query;
  if (const std::string* const words = query.find_filled("q")) {
    event->query = shortened(*words, usage::kLongestQuery);
  }
  event->media_type = store_name(call.media);
  event->filters = filters_of(query);
  if (const std::string* const page = query.find_filled("page"); page != nullptr) {
    // The search has judged it: it is a number here.
    event->page =
        std::clamp<std::int64_t>(std::strtoll(page->c_str(), nullptr, 10), 1, usage::kMostRank);
  }
  const std::chrono::duration<double, std::milli> took =
      std::chrono::steady_clock::now() - call.request.arrived_at;
  event->payload = {{"resultsCount", result_count},
                    {"elapsedTime", std::chrono::ceil<std::chrono::milliseconds>(took).count()}};
  services.usage.note(*event);
}

void note_detail(const Services& services, const Call& call, std::string_view identifier,
                 std::string_view source) {
  auto event = begin_event(services, call.request, "DETAIL_PAGE_EVENT");
  if (!event) {
    return;
  }
  event->media_type = store_name(call.media);
  event->result_id = identifier;
  event->source = shortened(source, usage::kLongestText);
  event->payload = {{"event_type", "VIEWED"}};
  services.usage.note(*event);
}

Task<void> note_embedding(Services services, const Request& request, std::string identifier) {
  const std::string host = host_of_url(request.page.referrer);
  if (host.empty() || host == host_of_url(request.base_url)) {
    co_return;
  }
  auto event = begin_event(services, request, "ATTRIBUTION_REFERRER_EVENT");
  if (!event) {
    co_return;
  }
  if (const Rates* const rates = services.limiter.rates()) {
    // Not in one expression: GCC 12 destroys what is made of braces within a co_await twice.
    std::vector<Limit> limits = limits_of(Limits::embeddings, Caller{}, request, *rates);
    const std::vector<Taken> taken = co_await services.limiter.take(std::move(limits));
    if (std::ranges::any_of(taken, [](const Taken& one) { return !one.is_allowed; })) {
      co_return;
    }
  }
  event->result_id = std::move(identifier);
  // A path is kept as it was sent, and that may be any bytes.
  event->payload = {{"referer_domain", host},
                    {"resource", shortened(well_formed_utf8(request.path), usage::kLongestText)}};
  services.usage.note(*event);
}

std::string host_of_url(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (lower_ascii(url.substr(0, scheme.size())) != scheme) {
      continue;
    }
    std::string_view host = url.substr(scheme.size());
    host = host.substr(0, host.find_first_of("/?#"));
    host = host.substr(std::min(host.rfind('@') + 1, host.size()));
    if (!host.starts_with('[')) {
      host = host.substr(0, host.find(':'));
    }
    const bool is_host =
        !host.empty() && host.size() <= kLongestHost && std::ranges::all_of(host, [](char c) {
          return is_ascii_alphanumeric(c) || c == '.' || c == '-';
        });
    return is_host ? lower_ascii(host) : "";
  }
  return "";
}

}  // namespace freshet::api
