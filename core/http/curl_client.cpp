#include "core/http/curl_client.hpp"

#include "core/http/curl_exchange.hpp"

namespace freshet::http {

struct CurlClient::Impl {
  explicit Impl(CurlOptions o) : options{std::move(o)}, exchange{options} {}

  CurlOptions options;
  CurlExchange exchange;
};

CurlClient::CurlClient(CurlOptions options) : impl_{std::make_unique<Impl>(std::move(options))} {}

CurlClient::~CurlClient() = default;

Result<Response> CurlClient::send(const Request& request) {
  return follow_redirects(
      impl_->options, request, [&](const CurlExchange::Target& target) -> Result<Response> {
        const auto prepared =
            impl_->exchange.prepare(request, target, CurlExchange::Version::http_1_1);
        if (!prepared) {
          return prepared.error();
        }
        return impl_->exchange.finish(curl_easy_perform(impl_->exchange.handle()));
      });
}

}  // namespace freshet::http
