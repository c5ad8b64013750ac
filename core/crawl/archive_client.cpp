#include "core/crawl/archive_client.hpp"

#include <utility>

#include "core/http/curl_client.hpp"
#include "core/http/patient_client.hpp"

namespace freshet {
namespace {

/// A patient client with the one that it asks.
class PatientCurl final : public http::HttpClient {
 public:
  PatientCurl(const http::CurlOptions& curl, http::Patience patience, http::Sleep sleep)
      : curl_{curl}, patient_{curl_, std::move(patience), std::move(sleep)} {}
  Result<http::Response> send(const http::Request& request) override {
    return patient_.send(request);
  }

 private:
  http::CurlClient curl_;
  http::PatientClient patient_;
};

}  // namespace

std::unique_ptr<http::HttpClient> make_archive_client(const Config& config, std::stop_token stop) {
  http::CurlOptions curl;
  curl.user_agent = config.http.user_agent;
  curl.mirror = config.http.mirror;
  curl.stop = stop;
  http::Patience patience;
  patience.retries = 5;
  patience.min_interval = std::chrono::milliseconds{0};
  return std::make_unique<PatientCurl>(curl, patience, http::sleep_for(config.http, stop));
}

}  // namespace freshet
