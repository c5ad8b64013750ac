#include "core/http/curl_exchange.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <mutex>

#include "core/check.hpp"
#include "core/http/url.hpp"
#include "core/text.hpp"

namespace freshet::http {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { FRESHET_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

}  // namespace

CurlExchange::CurlExchange(const CurlOptions& options) : options_{options} {
  initialise_library();
  handle_.reset(curl_easy_init());
  FRESHET_CHECK(handle_ != nullptr);
}

std::size_t CurlExchange::on_header(const char* data, std::size_t size, std::size_t count,
                                    void* user) {
  Headers& headers = static_cast<CurlExchange*>(user)->response_.headers;
  const std::string_view line{data, size * count};
  if (line.starts_with("HTTP/")) {
    headers.clear();  // an interim (1xx) or proxy answer came before this one
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    headers.emplace_back(lower_ascii(trimmed(line.substr(0, colon))),
                         trimmed(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t CurlExchange::on_body(const char* data, std::size_t size, std::size_t count,
                                  void* user) {
  auto& self = *static_cast<CurlExchange*>(user);
  const std::size_t bytes = size * count;
  if (self.response_.body.size() + bytes > self.max_body_bytes_) {
    self.body_too_large_ = true;
    return 0;  // libcurl then ends the transfer with CURLE_WRITE_ERROR
  }
  self.response_.body.append(data, bytes);
  return bytes;
}

curl_socket_t CurlExchange::on_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& self = *static_cast<CurlExchange*>(user);
  if (!self.options_.guard->allows(address->addr)) {
    self.address_refused_ = true;
    return CURL_SOCKET_BAD;  // libcurl then tries the next address of the name, if there is one
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlExchange::on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<CurlExchange*>(user)->options_.stop.stop_requested() ? 1 : 0;
}

template <class Value>
void CurlExchange::set(CURLoption option, Value value) {
  FRESHET_CHECK(curl_easy_setopt(handle_.get(), option, value) == CURLE_OK);
}

// Everything that does not differ between requests. Redirects are ours, see `CurlClient`.
void CurlExchange::set_common(Version version) {
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, message_.data());
  set(CURLOPT_HTTP_VERSION,
      static_cast<long>(version == Version::http_1_1 ? CURL_HTTP_VERSION_1_1
                                                     : CURL_HTTP_VERSION_2TLS));
  // A request that could share the first one's connection waits for it rather than open another.
  set(CURLOPT_PIPEWAIT, version == Version::http_1_1 ? 0L : 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_NOPROGRESS, 0L);
  if (!options_.user_agent.empty()) {
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  }
  if (!options_.ca_file.empty()) {
    set(CURLOPT_CAINFO, options_.ca_file.c_str());
  }
}

void CurlExchange::set_credentials() {
  if (!options_.username.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, options_.username.c_str());
    set(CURLOPT_PASSWORD, options_.password.c_str());
  }
}

void CurlExchange::set_method(Method method, const std::string& body) {
  switch (method) {
    case Method::get:
      set(CURLOPT_HTTPGET, 1L);
      break;
    case Method::head:
      set(CURLOPT_NOBODY, 1L);
      break;
    case Method::post:
      set_body(body);
      break;
    case Method::put:
      set_body(body);
      set(CURLOPT_CUSTOMREQUEST, "PUT");  // libcurl's own PUT reads from a callback
      break;
    case Method::erase:
      set(CURLOPT_HTTPGET, 1L);
      set(CURLOPT_CUSTOMREQUEST, "DELETE");
      break;
  }
}

void CurlExchange::set_body(const std::string& body) {
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  set(CURLOPT_POSTFIELDS, body.c_str());
}

CurlExchange::HeaderList CurlExchange::header_list(const Headers& headers, Method method) {
  HeaderList list;
  const auto add = [&list](const std::string& line) {
    // On failure (out of memory) the old list stays ours.
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    FRESHET_CHECK(longer != nullptr);
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const auto& [name, value] : headers) {
    // `name:` would remove a header
    add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (method == Method::post || method == Method::put) {
    add("Expect:");  // the wait for 100-continue costs a second with servers that ignore it
  }
  return list;
}

Result<void> CurlExchange::prepare(const Request& request, const Target& target, Version version) {
  const std::string address =
      encode_url(options_.mirror.empty() ? target.url : to_mirror(options_.mirror, target.url));
  const auto host = host_of(address);
  if (!host) {
    return Error{Errc::invalid_value, Retry::never, "not an http or https URL: " + address};
  }
  const std::chrono::milliseconds left = target.deadline.left();
  if (left.count() == 0) {  // which would mean to libcurl that there is no limit
    return Error{Errc::timed_out, Retry::after_backoff,
                 target.url.substr(0, target.url.find('?')) + ": no time is left"};
  }
  url_ = target.url;
  response_ = {};
  max_body_bytes_ = request.max_body_bytes;
  body_too_large_ = false;
  address_refused_ = false;
  message_[0] = '\0';
  curl_easy_reset(handle_.get());  // keeps connections, TLS sessions and the DNS cache
  set_common(version);
  if (target.is_first_origin) {
    set_credentials();
  }
  if (is_loopback(*host)) {
    set(CURLOPT_PROXY, "");  // a proxy of the environment cannot know our loopback
  }
  if (options_.guard != nullptr) {
    set(CURLOPT_PROXY, "");
    // A look-up that hangs is left to itself, else the time limit would not hold.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_OPENSOCKETFUNCTION, &on_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  }
  set_method(target.method, request.body);
  headers_ = header_list(target.headers, target.method);
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_URL, address.c_str());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
  return {};
}

Result<Response> CurlExchange::finish(CURLcode code) {
  if (code != CURLE_OK) {
    return failure(code);
  }
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  response_.final_url = url_;
  return std::move(response_);
}

Error CurlExchange::failure(CURLcode code) const {
  const std::string why = message_[0] != '\0' ? message_.data() : curl_easy_strerror(code);
  const std::string text = url_.substr(0, url_.find('?')) + ": " + why;  // queries hold API keys
  if (body_too_large_) {
    return {Errc::too_large, Retry::never,
            text + " (body of more than " + std::to_string(max_body_bytes_) + " bytes)"};
  }
  if (address_refused_ && code == CURLE_COULDNT_CONNECT) {
    return {Errc::invalid_value, Retry::never, text + " (its address is not public)"};
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    return {Errc::unreachable, Retry::never, text + " (stopped)"};
  }
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return {Errc::invalid_value, Retry::never, text};
  }
  return {code == CURLE_OPERATION_TIMEDOUT ? Errc::timed_out : Errc::unreachable,
          Retry::after_backoff, text};
}

}  // namespace freshet::http
