#pragma once

#include <curl/curl.h>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "core/deadline.hpp"
#include "core/http/curl_client.hpp"
#include "core/http/http_client.hpp"

// How one exchange is put to libcurl and read back. For the clients in this folder alone.

namespace freshet::http {

/// One exchange at a time on one easy handle, which keeps its options from being mixed up.
/// @thread_safety  One thread at a time.
class CurlExchange {
 public:
  enum class Version { http_1_1, http_2_if_possible };

  /// @param options  outlive this.
  explicit CurlExchange(const CurlOptions& options);

  struct Target {
    Method method = Method::get;
    std::string url;  ///< the original's, not the mirror's
    Headers headers;
    bool is_first_origin = true;  ///< else no password goes along
    Deadline deadline;            ///< of the request: its redirects share what is left
  };
  /// Sets up the handle; `target` lives until `finish`.
  /// @error Errc::invalid_value: not an http or https URL. Errc::timed_out: no time is left.
  Result<void> prepare(const Request& request, const Target& target, Version version);
  CURL* handle() const noexcept { return handle_.get(); }
  /// What came of it, redirects not followed.
  Result<Response> finish(CURLcode code);

 private:
  struct CloseEasy {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };
  using HeaderList = std::unique_ptr<curl_slist, FreeList>;

  template <class Value>
  void set(CURLoption option, Value value);
  void set_common(Version version);
  void set_credentials();
  void set_method(Method method, const std::string& body);
  void set_body(const std::string& body);
  static HeaderList header_list(const Headers& headers, Method method);
  Error failure(CURLcode code) const;

  static std::size_t on_header(const char* data, std::size_t size, std::size_t count, void* user);
  static std::size_t on_body(const char* data, std::size_t size, std::size_t count, void* user);
  static curl_socket_t on_socket(void* user, curlsocktype purpose, curl_sockaddr* address);
  static int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  const CurlOptions& options_;
  std::unique_ptr<CURL, CloseEasy> handle_;
  HeaderList headers_;
  std::array<char, CURL_ERROR_SIZE> message_{};
  std::string url_;
  Response response_;
  std::size_t max_body_bytes_ = 0;
  bool body_too_large_ = false;
  bool address_refused_ = false;  // by the guard
};

/// Follows redirects, at most 10, in the mirror where there is one, all of them within the
/// request's time; see `CurlClient`.
/// @param exchange  one exchange without redirects
Result<Response> follow_redirects(
    const CurlOptions& options, const Request& request,
    const std::function<Result<Response>(const CurlExchange::Target&)>& exchange);

}  // namespace freshet::http
