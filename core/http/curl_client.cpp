#include "core/http/curl_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "core/check.hpp"
#include "core/http/url.hpp"

namespace freshet::http {
namespace {

constexpr int kMaxRedirects = 10;

struct CloseEasy {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

std::string lower_case(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// What one exchange collects; libcurl's callbacks get a pointer to it.
struct Collected {
  Response response;
  std::size_t max_body_bytes = 0;
  bool body_too_large = false;
  std::stop_token stop;
};

std::size_t on_header(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& collected = *static_cast<Collected*>(user);
  const std::string_view line{data, size * count};
  if (line.starts_with("HTTP/")) {
    collected.response.headers.clear();  // an interim (1xx) or proxy answer came before this one
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    collected.response.headers.emplace_back(lower_case(trimmed(line.substr(0, colon))),
                                            trimmed(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t on_body(const char* data, std::size_t size, std::size_t count, void* user) {
  auto& collected = *static_cast<Collected*>(user);
  const std::size_t bytes = size * count;
  if (collected.response.body.size() + bytes > collected.max_body_bytes) {
    collected.body_too_large = true;
    return 0;  // libcurl then ends the transfer with CURLE_WRITE_ERROR
  }
  collected.response.body.append(data, bytes);
  return bytes;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Collected*>(user)->stop.stop_requested() ? 1 : 0;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// What follows a redirect, RFC 9110 §15.4: 303 always by GET, 301 and 302 turn POST into GET.
Method method_after(int status, Method method) {
  if (method == Method::post && (status == 301 || status == 302 || status == 303)) {
    return Method::get;
  }
  return method;
}

bool may_go_to_another_host(std::string_view header) {
  const std::string name = lower_case(header);
  return name == "accept" || name == "user-agent";
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { FRESHET_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

}  // namespace

struct CurlClient::Impl {
  CurlOptions options;
  std::unique_ptr<CURL, CloseEasy> handle;
  std::array<char, CURL_ERROR_SIZE> message{};

  template <class Value>
  void set(CURLoption option, Value value) {
    FRESHET_CHECK(curl_easy_setopt(handle.get(), option, value) == CURLE_OK);
  }

  // Everything that does not differ between requests. Redirects are ours, see the header.
  void set_common() {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, message.data());
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(CURLOPT_NOPROGRESS, 0L);
    if (!options.user_agent.empty()) {
      set(CURLOPT_USERAGENT, options.user_agent.c_str());
    }
    if (!options.ca_file.empty()) {
      set(CURLOPT_CAINFO, options.ca_file.c_str());
    }
  }

  void set_credentials() {
    if (!options.username.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, options.username.c_str());
      set(CURLOPT_PASSWORD, options.password.c_str());
    }
  }

  void set_method(Method method, const std::string& body) {
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

  void set_body(const std::string& body) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.c_str());
  }

  static HeaderList header_list(const Headers& headers, Method method) {
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

  Error failure(CURLcode code, const Collected& collected, const std::string& url) const {
    const std::string why = message[0] != '\0' ? message.data() : curl_easy_strerror(code);
    const std::string text = url.substr(0, url.find('?')) + ": " + why;  // queries hold API keys
    if (collected.body_too_large) {
      return {Errc::too_large, Retry::never,
              text + " (body of more than " + std::to_string(collected.max_body_bytes) + " bytes)"};
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

  /// One exchange without redirects. `url` is the original's, not the mirror's.
  Result<Response> exchange(const Request& request, Method method, const std::string& url,
                            const Headers& headers, bool is_first_host) {
    const std::string target =
        encode_url(options.mirror.empty() ? url : to_mirror(options.mirror, url));
    const auto host = host_of(target);
    if (!host) {
      return Error{Errc::invalid_value, Retry::never, "not an http or https URL: " + target};
    }
    Collected collected;
    collected.max_body_bytes = request.max_body_bytes;
    collected.stop = options.stop;
    curl_easy_reset(handle.get());  // keeps connections, TLS sessions and the DNS cache
    message[0] = '\0';
    set_common();
    if (is_first_host) {
      set_credentials();
    }
    if (is_loopback(*host)) {
      set(CURLOPT_PROXY, "");  // a proxy of the environment cannot know our loopback
    }
    set_method(method, request.body);
    const HeaderList list = header_list(headers, method);
    set(CURLOPT_HTTPHEADER, list.get());
    set(CURLOPT_URL, target.c_str());
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    set(CURLOPT_HEADERDATA, static_cast<void*>(&collected));
    set(CURLOPT_WRITEDATA, static_cast<void*>(&collected));
    set(CURLOPT_XFERINFODATA, static_cast<void*>(&collected));
    if (const CURLcode code = curl_easy_perform(handle.get()); code != CURLE_OK) {
      return failure(code, collected, url);
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    collected.response.status = static_cast<int>(status);
    collected.response.final_url = url;
    return std::move(collected.response);
  }
};

CurlClient::CurlClient(CurlOptions options) : impl_{std::make_unique<Impl>()} {
  initialise_library();
  impl_->options = std::move(options);
  impl_->handle.reset(curl_easy_init());
  FRESHET_CHECK(impl_->handle != nullptr);
}

CurlClient::~CurlClient() = default;

Result<Response> CurlClient::send(const Request& request) {
  std::string url = full_url(request);
  const auto first_host = host_of(url);
  Method method = request.method;
  Headers headers = request.headers;
  bool is_first_host = true;
  for (int redirects = 0;; ++redirects) {
    auto response = impl_->exchange(request, method, url, headers, is_first_host);
    if (!response || request.redirects == Redirects::stop || !is_redirect(response->status)) {
      return response;
    }
    const std::string* location = response->header("location");
    if (location == nullptr) {
      return response;
    }
    if (redirects == kMaxRedirects) {
      return Error{Errc::invalid_value, Retry::never, "more than 10 redirects: " + request.url};
    }
    const std::string scheme = url.substr(0, url.find("://"));
    auto next = impl_->options.mirror.empty()
                    ? std::nullopt
                    : from_mirror(impl_->options.mirror, *location, scheme);
    if (!next) {
      next = resolve_url(url, *location);
    }
    if (!next) {
      return Error{Errc::invalid_value, Retry::never, "redirect to what is no URL: " + request.url};
    }
    method = method_after(response->status, method);
    if (host_of(*next) != first_host) {
      is_first_host = false;
      std::erase_if(headers, [](const auto& h) { return !may_go_to_another_host(h.first); });
    }
    url = std::move(*next);
  }
}

}  // namespace freshet::http
