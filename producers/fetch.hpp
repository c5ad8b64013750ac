#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/http/http_client.hpp"
#include "core/http/patient_client.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "producers/answer.hpp"
#include "producers/lenient_json.hpp"

namespace freshet {

/// A provider's API key and where it goes. Its value is the setting `providers.<command>_key`.
struct Credential {
  enum class Place { query, header };
  std::string original_name;  ///< `API_KEY_JAMENDO`, the batch original's name for it
  Place place = Place::query;
  std::string name;      ///< of the query parameter or header
  std::string prefix{};  ///< goes before the key: `Token `
  bool is_optional = false;
  /// What is sent instead of the key: a signature of the request's query. Null: the key itself.
  std::string (*sign)(const http::Query& query, std::string_view key) = nullptr;
};

/// What a run's requests have in common.
struct FetchOptions {
  http::Headers headers;
  std::optional<Credential> credential;
  std::string key;              ///< value of the credential; empty: none is sent
  std::string credential_host;  ///< the only host that is given the key
  std::chrono::milliseconds timeout{120'000};
  http::Patience patience;
};

/// What all requests of one run share, whichever thread makes them: client, rate limits, and where
/// URLs lead.
/// @thread_safety  All of it, as far as the client is. The client must outlive it.
class FetchSession {
 public:
  /// @param limits  shared with other runs of the provider; null: those of this run alone.
  FetchSession(http::HttpClient& client, FetchOptions options, http::Sleep sleep,
               http::PatientClock clock = {}, std::shared_ptr<http::RateLimits> limits = nullptr);

 private:
  friend class Fetch;
  using Resolved = std::optional<std::string>;
  std::optional<Resolved> find_resolved(const std::string& url) const;
  void keep_resolved(const std::string& url, const Resolved& resolved);

  http::HttpClient& client_;
  FetchOptions options_;
  http::Sleep sleep_;
  http::PatientClock clock_;
  std::shared_ptr<http::RateLimits> limits_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Resolved> resolved_;
};

/// How a request was answered, with all its attempts.
enum class Answered {
  usable,
  refused,  ///< no answer, an error in 200, 401, 500 …
  gone,     ///< 404, 410
};

/// Makes the requests of one run: rate-limited, retried, with the provider's headers and key.
///
/// A reply that is no answer (no JSON, or not what the judge wants) is asked for again like a 5xx.
/// A reply that is nearly JSON (half a surrogate pair, NaN, another charset) is mended and counted.
/// @thread_safety  One thread; others have one of their own for the same session.
class Fetch {
 public:
  /// @param session  outlives this.
  explicit Fetch(FetchSession& session);
  /// With a session of its own.
  Fetch(http::HttpClient& client, FetchOptions options, http::Sleep sleep,
        http::PatientClock clock = {});

  /// GET of JSON. @error Errc::http_status with the status as rule, Errc::malformed_payload with
  /// the rule `answer`, or the client's; Retry::after_backoff where it may work later.
  Result<json::value> get(const std::string& url, const http::Query& query = {},
                          const Judge& judge = must_hold({}));
  /// The same with the answer's headers.
  Result<std::pair<json::value, http::Headers>> get_with_headers(
      const std::string& url, const http::Query& query = {}, const Judge& judge = must_hold({}));
  /// GET of JSON that not every record has: nothing where it is not there (404, 410), which says
  /// nothing of the provider's other answers. @error as `get` for anything else.
  Result<std::optional<json::value>> find(const std::string& url, const http::Query& query = {},
                                          const Judge& judge = must_hold({}));
  /// GET of text, as UTF-8 whatever charset it comes in.
  Result<std::string> get_text(const std::string& url, const http::Query& query = {});
  /// POST of a JSON body, answered by JSON.
  Result<json::value> post(const std::string& url, const json::value& body,
                           const Judge& judge = must_hold({}));
  /// HEAD, without the key: it is for files. An answer of status 400 and above is an error.
  Result<http::Response> head(const std::string& url);
  /// Where a URL leads after redirects; nothing on any failure. The session remembers 2,048
  /// answers, failures included.
  std::optional<std::string> resolve(const std::string& url);

  /// What happened since it was asked last.
  struct Spent {
    std::vector<Answered> answers;  ///< one a request, in order; `resolve` does not count
    std::int64_t requests = 0;      ///< attempts
    std::int64_t mended = 0;        ///< values of answers; see lenient_json.hpp
  };
  Spent take_spent();

 private:
  enum class Expect { json, anything };
  Result<http::Response> send(http::Request request, Expect expect, const Judge& judge = {});
  Result<json::value> taken(const std::string& url, const Result<http::Response>& response);
  bool is_unusable(const http::Response& response);
  void note(const Mended& mended, const std::string& url);
  void count(const Result<http::Response>& response);

  std::unique_ptr<FetchSession> own_;  ///< of a fetch that has its session to itself
  FetchSession& session_;
  Expect expect_ = Expect::anything;
  Judge judge_;
  std::optional<json::value> parsed_;  ///< of the last answer, parsed when it was judged
  std::string fault_;                  ///< of the last reply that was none
  bool is_throttled_ = false;          ///< that reply says that there were too many requests
  http::PatientClient client_;
  Spent spent_;
  std::int64_t requests_before_ = 0;
};

/// Whether an error says that the thing asked for is not there any more (404, 410).
bool is_gone(const Error& error);

}  // namespace freshet
