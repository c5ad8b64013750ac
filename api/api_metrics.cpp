#include "api/api_metrics.hpp"

namespace freshet::api {

ApiMetrics::ApiMetrics(Metrics& metrics)
    : hits_without_row{metrics.counter("freshet_api_hits_without_row_total",
                                       "Hits of the index whose row is not live in Postgres")},
      connections{metrics.gauge("freshet_api_connections", "Open client connections")},
      connections_refused{metrics.counter("freshet_api_connections_refused_total",
                                          "Client connections closed because too many are open")},
      metrics_{metrics} {}

void ApiMetrics::count_request(std::string_view route, unsigned status, double seconds) {
  Counter* counter = nullptr;
  Histogram* duration = nullptr;
  {
    const std::scoped_lock lock{mutex_};
    Counter*& known = requests_[{std::string{route}, status}];
    if (known == nullptr) {
      known =
          &metrics_.counter("freshet_api_requests_total", "Requests answered",
                            {{"route", std::string{route}}, {"status", std::to_string(status)}});
    }
    counter = known;
    auto found = durations_.find(route);
    if (found == durations_.end()) {
      Histogram& made = metrics_.histogram("freshet_api_request_duration_seconds",
                                           "From the request read to the reply built",
                                           {{"route", std::string{route}}});
      found = durations_.emplace(route, &made).first;
    }
    duration = found->second;
  }
  counter->add();
  duration->observe(seconds);
}

void ApiMetrics::count_failure(std::string_view store, std::string_view errc) {
  metrics_
      .counter("freshet_api_store_failures_total", "Reads that a store did not answer as asked",
               {{"store", std::string{store}}, {"errc", std::string{errc}}})
      .add();
}

void ApiMetrics::count_incomplete(std::string_view lacking) {
  metrics_
      .counter("freshet_api_incomplete_searches_total",
               "Searches answered with less than was asked for",
               {{"lacking", std::string{lacking}}})
      .add();
}

}  // namespace freshet::api
