#include "api/limits.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/check.hpp"
#include "core/ip_network.hpp"
#include "core/text.hpp"

namespace freshet::api {
namespace {

struct Scope {
  std::string_view name;
  std::string_view rate;
};

// Names and rates of the v1 API as its servers answer. It names the scopes of its own frontend
// (`ov_referrer_…`), but not their rates: here they have those of everybody.
constexpr std::array kScopes = {
    Scope{"anon_burst", "20/min"},
    Scope{"anon_sustained", "200/day"},
    Scope{"anon_thumbnail", "150/minute"},
    Scope{"anon_healthcheck", "3/minute"},
    Scope{"ov_referrer_burst", "20/min"},
    Scope{"ov_referrer_sustained", "200/day"},
    Scope{"ov_referrer_thumbnail", "150/minute"},
    Scope{"oauth2_client_credentials_burst", "100/min"},
    Scope{"oauth2_client_credentials_sustained", "10000/day"},
    Scope{"oauth2_client_credentials_thumbnail", "500/minute"},
    Scope{"enhanced_oauth2_client_credentials_burst", "200/min"},
    Scope{"enhanced_oauth2_client_credentials_sustained", "20000/day"},
    // In units of cost, for `api.limits = cost`.
    Scope{"anon_cost", "3000/min"},
    // A page of ours shows twenty pictures, of which each costs far less than a search.
    Scope{"anon_picture_cost", "30000/min"},
    Scope{"oauth2_client_credentials_picture_cost", "30000/min"},
    Scope{"oauth2_client_credentials_cost", "6000/min"},
    Scope{"enhanced_oauth2_client_credentials_cost", "12000/min"},
    Scope{"tenperday", "10/day"},
    Scope{"onepersecond", "1/second"},
    Scope{"anon_events", "120/minute"},
    Scope{"anon_embeddings", "60/minute"},
    // Of pictures that our own pages show: more than a reader looks at who pages quickly.
    Scope{"anon_page_picture", "3000/minute"},
    Scope{"dumps", "300/minute"},
    // A walk holds a point in time of the index, of which a node keeps a few hundred.
    Scope{"anon_walks", "30/hour"},
    Scope{"oauth2_client_credentials_walks", "60/hour"},
};

/// The header is spelled so, and its value is the host alone.
bool is_own_frontend(const Request& request) { return request.referrer == "openverse.org"; }

/// Whether one of our own pages asks. A program may say so, too: it then has the larger scope.
bool is_own_page(const Request& request) {
  const PageHeaders& page = request.page;
  // Browsers say it of secure addresses alone.
  return page.fetch_site.empty()
             ? !request.base_url.empty() && page.referrer.starts_with(request.base_url + "/")
             : page.fetch_site == "same-origin";
}

bool begins_walk(const Request& request) {
  const std::string* const cursor = request.query.find_filled("cursor");
  return cursor != nullptr && *cursor == "*";
}

std::vector<std::string_view> scopes_of(Limits limits, const Caller& caller,
                                        const Request& request) {
  const bool has_own = caller.is_authenticated && caller.is_verified;
  if (has_own && caller.model == RateModel::exempt) {
    return {};
  }
  const bool is_own = is_own_frontend(request);
  switch (limits) {
    case Limits::none:
      return {};
    case Limits::works:
      if (has_own && caller.model == RateModel::enhanced) {
        return {"enhanced_oauth2_client_credentials_burst",
                "enhanced_oauth2_client_credentials_sustained"};
      }
      if (has_own) {
        return {"oauth2_client_credentials_burst", "oauth2_client_credentials_sustained"};
      }
      return is_own ? std::vector<std::string_view>{"ov_referrer_burst", "ov_referrer_sustained"}
                    : std::vector<std::string_view>{"anon_burst", "anon_sustained"};
    case Limits::pictures:
      return {has_own                ? "oauth2_client_credentials_thumbnail"
              : is_own               ? "ov_referrer_thumbnail"
              : is_own_page(request) ? "anon_page_picture"
                                     : "anon_thumbnail"};
    case Limits::health:
      return has_own ? std::vector<std::string_view>{}
                     : std::vector<std::string_view>{"anon_healthcheck"};
    case Limits::registration:
      return has_own ? std::vector<std::string_view>{} : std::vector<std::string_view>{"tenperday"};
    case Limits::key_info:
      return caller.is_authenticated ? std::vector<std::string_view>{}
                                     : std::vector<std::string_view>{"onepersecond"};
    case Limits::events:
      return {"anon_events"};
    case Limits::embeddings:
      return {"anon_embeddings"};
    case Limits::dumps:
      return {"dumps"};
  }
  return {};
}

}  // namespace

std::optional<Rate> parse_rate(std::string_view text) {
  const std::size_t slash = text.find('/');
  int most = 0;
  const char* const end = text.data() + std::min(slash, text.size());
  const auto [stopped, fault] = std::from_chars(text.data(), end, most);
  if (slash == text.npos || slash + 1 == text.size() || fault != std::errc{} || stopped != end ||
      most < 1 || most > 1'000'000) {
    return std::nullopt;
  }
  switch (text[slash + 1]) {
    case 's':
      return Rate{std::string{text}, most, std::chrono::seconds{1}};
    case 'm':
      return Rate{std::string{text}, most, std::chrono::minutes{1}};
    case 'h':
      return Rate{std::string{text}, most, std::chrono::hours{1}};
    case 'd':
      return Rate{std::string{text}, most, std::chrono::hours{24}};
    default:
      return std::nullopt;
  }
}

Rates::Rates(std::string_view changes, LimitBy by) : by_{by} {
  for (const Scope& scope : kScopes) {
    rates_.emplace(scope.name, *parse_rate(scope.rate));
  }
  while (!trim_space(changes).empty()) {
    const std::size_t comma = std::min(changes.find(','), changes.size());
    const std::string_view entry = trim_space(changes.substr(0, comma));
    const std::size_t equals = std::min(entry.find('='), entry.size());
    const auto known = rates_.find(trim_space(entry.substr(0, equals)));
    const auto rate = parse_rate(trim_space(entry.substr(std::min(equals + 1, entry.size()))));
    if (known == rates_.end()) {
      throw StartupError{"api.rates: no such scope: " + std::string{entry}};
    }
    if (!rate) {
      throw StartupError{"api.rates: not scope=number/period: " + std::string{entry}};
    }
    known->second = *rate;
    changes.remove_prefix(std::min(comma + 1, changes.size()));
  }
}

const Rate& Rates::of(std::string_view scope) const {
  const auto found = rates_.find(scope);
  FRESHET_CHECK(found != rates_.end());
  return found->second;
}

int cost_of(int base, const Request& request) {
  const auto number = [&](std::string_view name, int otherwise) {
    const std::string* const text = request.query.find_filled(name);
    int value = otherwise;
    if (text != nullptr) {
      std::from_chars(text->data(), text->data() + text->size(), value);
    }
    return static_cast<double>(std::clamp(value, 1, 1'000));
  };
  const std::string* const exact = request.query.find_filled("exact_count");
  const bool is_walk = request.query.find_filled("cursor") != nullptr;
  constexpr double kDeep = 240;
  double share = is_walk ? 0 : number("page", 1) * number("page_size", 20) / kDeep;
  if ((exact != nullptr && *exact != "false") || begins_walk(request)) {
    share = 1;
  }
  return base + static_cast<int>(base * std::min(share, 1.0));
}

std::vector<Limit> limits_of(Limits limits, const Caller& caller, const Request& request,
                             const Rates& rates, int base_cost) {
  const bool has_own = caller.is_authenticated && caller.is_verified;
  const std::string identity =
      has_own ? caller.client_id : identity_of_address(request.client_address);
  std::vector<Limit> list;
  const std::vector<std::string_view> scopes = scopes_of(limits, caller, request);
  const bool is_work = limits == Limits::works || limits == Limits::pictures;
  if (rates.by() == LimitBy::cost && is_work && !scopes.empty()) {
    const std::string_view scope =
        limits == Limits::pictures
            ? (has_own ? "oauth2_client_credentials_picture_cost" : "anon_picture_cost")
        : !has_own                            ? "anon_cost"
        : caller.model == RateModel::enhanced ? "enhanced_oauth2_client_credentials_cost"
                                              : "oauth2_client_credentials_cost";
    list.push_back({scope, rates.of(scope), identity, cost_of(base_cost, request)});
  } else {
    for (const std::string_view scope : scopes) {
      list.push_back({scope, rates.of(scope), identity});
    }
  }
  if (limits == Limits::works && !scopes.empty() && begins_walk(request)) {
    const std::string_view scope = has_own ? "oauth2_client_credentials_walks" : "anon_walks";
    list.push_back({scope, rates.of(scope), identity});
  }
  return list;
}

std::vector<Limit> limits_of_application(const std::string& client_id, RateModel model,
                                         const Rates& rates) {
  if (rates.by() == LimitBy::cost) {
    return {};
  }
  const Caller caller{
      .is_authenticated = true, .client_id = client_id, .is_verified = true, .model = model};
  return limits_of(Limits::works, caller, {}, rates);
}

std::string identity_of_address(std::string_view address) {
  const auto parsed = parse_ip_address(address);
  if (!parsed || is_ipv4(*parsed)) {
    return std::string{address.starts_with("::ffff:") ? address.substr(7) : address};
  }
  std::string network;
  for (std::size_t i = 0; i < 8; ++i) {
    network += kHexDigits[(*parsed)[i] >> 4U];
    network += kHexDigits[(*parsed)[i] & 0xfU];
    network += i % 2 == 1 ? ":" : "";
  }
  return network + ":/64";
}

void add_limit_headers(Reply& reply, const std::vector<Limit>& limits,
                       const std::vector<Taken>& taken) {
  for (std::size_t i = 0; i < std::min(limits.size(), taken.size()); ++i) {
    const std::string scope{limits[i].scope};
    reply.headers.emplace_back("X-RateLimit-Limit-" + scope, limits[i].rate.text);
    reply.headers.emplace_back("X-RateLimit-Available-" + scope,
                               std::to_string(taken[i].available));
  }
}

std::optional<Reply> refuse_over_limit(const std::vector<Taken>& taken) {
  const auto refused = [](const Taken& one) { return !one.is_allowed; };
  if (std::ranges::none_of(taken, refused)) {
    return std::nullopt;
  }
  std::chrono::milliseconds wait{0};
  for (const Taken& one : taken) {
    wait = std::max(wait, one.is_allowed ? std::chrono::milliseconds{0} : one.wait);
  }
  const auto seconds =
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(wait).count());
  Reply reply =
      error_reply(429, "Request was throttled. Expected available in " + std::to_string(seconds) +
                           (seconds == 1 ? " second." : " seconds."));
  reply.headers.emplace_back("Retry-After", std::to_string(seconds));
  return reply;
}

}  // namespace freshet::api
