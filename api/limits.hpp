#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/caller.hpp"
#include "api/http_message.hpp"
#include "api/stores.hpp"

namespace freshet::api {

/// What kind of requests an endpoint's are, for the limits that count them.
enum class Limits {
  none,
  works,         ///< all that is not below: a short and a long window
  pictures,      ///< thumbnails and waveforms
  health,        ///< the health check
  registration,  ///< of applications
  key_info,      ///< what is left of the limits
  events,        ///< of usage
  embeddings,    ///< what is noted of other sites that show a picture or credit of ours
  dumps,         ///< their list and their files
};

/// So many requests in so long, as it is written: `20/min`.
struct Rate {
  std::string text;
  int most = 0;
  std::chrono::seconds period{0};
};

/// Reads `20/min`: a number from 1 to 1,000,000 and a period of s(econd), m(in), h(our) or d(ay),
/// of which the first letter counts.
std::optional<Rate> parse_rate(std::string_view text);

/// What works and pictures are limited by.
enum class LimitBy {
  requests,  ///< as the wire has it: so many in a window
  cost,      ///< a bucket of what requests cost, which fills again all the time
};

/// The rate of each scope.
class Rates {
 public:
  /// Those of the wire, but for what `changes` says: `scope=rate` with commas between.
  /// @error StartupError: no such scope, or no rate
  explicit Rates(std::string_view changes = "", LimitBy by = LimitBy::requests);

  const Rate& of(std::string_view scope) const;
  LimitBy by() const { return by_; }

 private:
  std::map<std::string, Rate, std::less<>> rates_;
  LimitBy by_;
};

/// One limit that holds for a request.
struct Limit {
  std::string_view scope;  ///< a literal of ours, as in the names of headers
  Rate rate;
  std::string identity;  ///< whose requests are counted together: an address or an application
  int cost = 0;          ///< taken out of a bucket; 0: one request, counted in a window

  /// What a bucket holds when it is full: half of what flows into it in a period.
  int capacity() const { return std::max(rate.most / 2, cost); }
};

/// What a request costs, in units: one is a look at one work, five are a search. Pages that lie
/// deeper, exact counts and the beginning of a walk cost up to twice as much.
int cost_of(int base, const Request& request);

/// The limits that hold for a request, in the order of their headers; none for an exempt caller.
/// An application whose address is not confirmed is limited by its address, as anyone is.
/// @param base_cost  of the endpoint
std::vector<Limit> limits_of(Limits limits, const Caller& caller, const Request& request,
                             const Rates& rates, int base_cost = 1);

/// The two limits of an application of this model, the short window first; empty: exempt, or
/// nothing is counted in windows.
std::vector<Limit> limits_of_application(const std::string& client_id, RateModel model,
                                         const Rates& rates);

/// Of an IPv4 address itself; of one of IPv6 the network that one subscriber has (64 bits), since
/// such a subscriber has addresses without end.
std::string identity_of_address(std::string_view address);

/// What became of a request at one limit.
struct Taken {
  bool is_allowed = true;
  int available = 0;                  ///< requests that are left after this one
  std::chrono::milliseconds wait{0};  ///< until there is room, where it is not allowed
};

/// Counts requests in sliding windows, or takes their cost out of buckets. A request that is
/// refused is not counted there.
/// @thread_safety  All of it.
class Limiter {
 public:
  Limiter() = default;
  Limiter(const Limiter&) = delete;
  Limiter& operator=(const Limiter&) = delete;
  virtual ~Limiter() = default;

  /// The rates in force; null: nothing is limited.
  virtual const Rates* rates() const = 0;
  /// Counts one request at each of the limits, also where another refuses it.
  /// @return as many as there are limits, in their order
  virtual Task<std::vector<Taken>> take(std::vector<Limit> limits) = 0;
  /// How many requests are counted at each, without counting one.
  /// @return nothing while the shared counts cannot be read
  virtual Task<std::optional<std::vector<int>>> count(std::vector<Limit> limits) = 0;
};

/// Adds `X-RateLimit-Limit-…` and `X-RateLimit-Available-…` of each limit.
void add_limit_headers(Reply& reply, const std::vector<Limit>& limits,
                       const std::vector<Taken>& taken);

/// 429 with `Retry-After`, where one of the limits refuses.
std::optional<Reply> refuse_over_limit(const std::vector<Taken>& taken);

}  // namespace freshet::api
