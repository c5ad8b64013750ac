#include "core/http/curl_multi_client.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "core/check.hpp"
#include "core/http/curl_exchange.hpp"
#include "core/http/url.hpp"

namespace freshet::http {
namespace {

struct CloseMulti {
  void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
};

// A field that nghttp2 refuses ends the stream, which libcurl calls a partial file. Where it really
// was one, the next attempt by HTTP/1.1 does no harm.
bool is_fault_of_http_2(CURLcode code) {
  return code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM || code == CURLE_PARTIAL_FILE;
}

}  // namespace

struct CurlMultiClient::Impl {
  /// An exchange that a thread waits for.
  struct Transfer {
    explicit Transfer(const CurlOptions& options) : exchange{options} {}
    CurlExchange exchange;
    bool is_done = false;
    CURLcode code = CURLE_OK;
  };

  Impl(CurlOptions o, int in_flight) : options{std::move(o)}, multi{curl_multi_init()} {
    FRESHET_CHECK(multi != nullptr);
    const auto most = static_cast<long>(in_flight);
    FRESHET_CHECK(curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) ==
                  CURLM_OK);
    FRESHET_CHECK(curl_multi_setopt(multi.get(), CURLMOPT_MAX_HOST_CONNECTIONS, most) == CURLM_OK);
    FRESHET_CHECK(curl_multi_setopt(multi.get(), CURLMOPT_MAX_CONCURRENT_STREAMS, most) ==
                  CURLM_OK);
    loop = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
  }

  std::unique_ptr<Transfer> take_idle() {
    const std::lock_guard lock{mutex};
    if (idle.empty()) {
      return std::make_unique<Transfer>(options);
    }
    auto transfer = std::move(idle.back());
    idle.pop_back();
    return transfer;
  }

  void give_back(std::unique_ptr<Transfer> transfer) {
    const std::lock_guard lock{mutex};
    idle.push_back(std::move(transfer));
  }

  CURLcode perform(Transfer& transfer) {
    std::unique_lock lock{mutex};
    transfer.is_done = false;
    waiting.push_back(&transfer);
    curl_multi_wakeup(multi.get());
    done.wait(lock, [&] { return transfer.is_done; });
    return transfer.code;
  }

  void run(const std::stop_token& stop) {
    const auto wake = [this] { curl_multi_wakeup(multi.get()); };
    const std::stop_callback on_end{stop, wake};
    const std::stop_callback on_stop{options.stop, wake};  // progress callbacks then end exchanges
    while (!stop.stop_requested()) {
      begin_waiting();
      int running = 0;
      FRESHET_CHECK(curl_multi_perform(multi.get(), &running) == CURLM_OK);
      end_done();
      curl_multi_poll(multi.get(), nullptr, 0, 1'000, nullptr);
    }
  }

  void begin_waiting() {
    const std::lock_guard lock{mutex};
    for (Transfer* const transfer : std::exchange(waiting, {})) {
      CURL* const handle = transfer->exchange.handle();
      curl_easy_setopt(handle, CURLOPT_PRIVATE, transfer);
      FRESHET_CHECK(curl_multi_add_handle(multi.get(), handle) == CURLM_OK);
    }
  }

  void end_done() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) {
        continue;
      }
      CURL* const handle = message->easy_handle;
      const CURLcode code = message->data.result;  // the message is gone with the handle
      Transfer* transfer = nullptr;
      curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
      curl_multi_remove_handle(multi.get(), handle);
      const std::lock_guard lock{mutex};
      transfer->code = code;
      transfer->is_done = true;
      done.notify_all();
    }
  }

  CurlExchange::Version version_for(const std::string& url) {
    const std::lock_guard lock{mutex};
    return only_http_1_1.contains(host_of(url).value_or(""))
               ? CurlExchange::Version::http_1_1
               : CurlExchange::Version::http_2_if_possible;
  }

  Result<Response> exchange(Transfer& transfer, const Request& request,
                            const CurlExchange::Target& target) {
    for (;;) {
      const auto version = version_for(target.url);
      if (const auto prepared = transfer.exchange.prepare(request, target, version); !prepared) {
        return prepared.error();
      }
      const CURLcode code = perform(transfer);
      if (version == CurlExchange::Version::http_2_if_possible && is_fault_of_http_2(code)) {
        const std::lock_guard lock{mutex};
        only_http_1_1.insert(host_of(target.url).value_or(""));
        continue;
      }
      return transfer.exchange.finish(code);
    }
  }

  CurlOptions options;
  std::mutex mutex;
  std::condition_variable done;
  std::deque<Transfer*> waiting;  // for `loop`
  std::vector<std::unique_ptr<Transfer>> idle;
  std::set<std::string> only_http_1_1;  // hosts
  std::unique_ptr<CURLM, CloseMulti> multi;
  std::jthread loop;
};

CurlMultiClient::CurlMultiClient(CurlOptions options, int in_flight)
    : impl_{std::make_unique<Impl>(std::move(options), in_flight)} {}

CurlMultiClient::~CurlMultiClient() = default;

Result<Response> CurlMultiClient::send(const Request& request) {
  auto transfer = impl_->take_idle();
  auto response =
      follow_redirects(impl_->options, request, [&](const CurlExchange::Target& target) {
        return impl_->exchange(*transfer, request, target);
      });
  impl_->give_back(std::move(transfer));
  return response;
}

}  // namespace freshet::http
