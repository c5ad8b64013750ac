#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/http/http_client.hpp"
#include "core/http/patient_client.hpp"
#include "core/json.hpp"
#include "core/result.hpp"

namespace freshet {

/// A provider's API key and where it goes. Its value is the setting `providers.<command>_key`.
struct Credential {
  enum class Place { query, header };
  std::string original_name;  ///< `API_KEY_JAMENDO`, the batch original's name for it
  Place place = Place::query;
  std::string name;      ///< of the query parameter or header
  std::string prefix{};  ///< goes before the key: `Token `
  bool is_optional = false;
};

/// What a run's requests have in common.
struct FetchOptions {
  http::Headers headers;
  std::optional<Credential> credential;
  std::string key;              ///< value of the credential; empty: none is sent
  std::string credential_host;  ///< the only host that is given the key
  std::chrono::milliseconds timeout{120'000};
  http::Patience patience;
  std::function<bool(const json::value&)> is_answer;  ///< see Provider::is_answer
};

/// The requests of one run: rate-limited, retried, with the provider's headers and key.
///
/// An answer that is no good (no JSON, an `error` member) is asked for again like a 5xx.
/// @thread_safety  One thread. The client must outlive it.
class Fetch {
 public:
  Fetch(http::HttpClient& client, FetchOptions options, http::Sleep sleep,
        http::PatientClock clock = {});

  /// GET of JSON. @error Errc::http_status with the status as rule, Errc::malformed_payload, or the
  /// client's; Retry::after_backoff where it may work later.
  Result<json::value> get(const std::string& url, const http::Query& query = {});
  /// The same with the answer's headers.
  Result<std::pair<json::value, http::Headers>> get_with_headers(const std::string& url,
                                                                 const http::Query& query = {});
  /// GET of text.
  Result<std::string> get_text(const std::string& url, const http::Query& query = {});
  /// POST of a JSON body, answered by JSON.
  Result<json::value> post(const std::string& url, const json::value& body);
  /// HEAD. An answer of status 400 and above is an error.
  Result<http::Response> head(const std::string& url);
  /// Where a URL leads after redirects; nothing on any failure. Remembers 2,048 answers, failures
  /// included.
  std::optional<std::string> resolve(const std::string& url);

  /// Attempts made.
  std::int64_t requests() const noexcept { return client_.requests(); }
  /// Requests since the last one that got through, that failed for reasons that may pass.
  int failures_in_a_row() const noexcept { return failures_in_a_row_; }

 private:
  enum class Expect { json, anything };
  Result<http::Response> send(http::Request request, Expect expect);
  bool is_unusable(const http::Response& response);

  FetchOptions options_;
  Expect expect_ = Expect::anything;
  std::optional<json::value> parsed_;  ///< of the last answer, parsed when it was judged
  http::PatientClient client_;
  int failures_in_a_row_ = 0;
  std::unordered_map<std::string, std::optional<std::string>> resolved_;
};

/// Whether an error says that the thing asked for is not there any more (404, 410).
bool is_gone(const Error& error);

}  // namespace freshet
