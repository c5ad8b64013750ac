#include "sinks/targets/elasticsearch.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "tests/support/catalog_records.hpp"
#include "tests/support/fake_sinks.hpp"

namespace freshet {
namespace {

using testing::FakeAside;
using testing::make_image;

/// Answers every request by a function, and remembers what was asked.
class AnsweringHttp final : public http::HttpClient {
 public:
  using Answer = std::function<Result<http::Response>(const http::Request&)>;
  explicit AnsweringHttp(Answer answer) : answer_{std::move(answer)} {}
  Result<http::Response> send(const http::Request& request) override {
    requests.push_back(request);
    return answer_(request);
  }
  std::vector<http::Request> requests;

 private:
  Answer answer_;
};

std::size_t count_items(const std::string& body) {
  return static_cast<std::size_t>(std::count(body.begin(), body.end(), '\n')) / 2;
}

http::Response accepted(const http::Request& request) {
  std::string body = R"({"items":[)";
  for (std::size_t i = 0; i < count_items(request.body); ++i) {
    body += i == 0 ? R"({"index":{"status":201}})" : R"(,{"index":{"status":201}})";
  }
  return {200, {}, body + "]}", request.url};
}

class Elasticsearch : public ::testing::Test {
 protected:
  void start(AnsweringHttp::Answer answer) {
    auto http = std::make_unique<AnsweringHttp>(std::move(answer));
    http_ = http.get();
    sink_ = make_elasticsearch_sink(std::move(http), {"http://es:9200/", "t-"});
  }
  Result<WriteReport> write() {
    const auto records = list_.records();
    return sink_->write({records, {}}, aside_);
  }
  testing::RecordList list_{{make_image("1"), make_image("2"), make_image("3"), make_image("4")}};
  std::unique_ptr<Sink> sink_;
  AnsweringHttp* http_ = nullptr;
  FakeAside aside_;
};

TEST_F(Elasticsearch, SendsOneBulkThroughTheAlias) {
  start([](const http::Request& request) { return accepted(request); });
  const auto report = write();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->written, 4U);
  ASSERT_EQ(http_->requests.size(), 1U);
  const http::Request& request = http_->requests[0];
  EXPECT_EQ(request.method, http::Method::post);
  EXPECT_THAT(request.url, ::testing::StartsWith("http://es:9200/_bulk?require_alias=true"));
  EXPECT_EQ(count_items(request.body), 4U);
}

TEST_F(Elasticsearch, HalvesABulkThatIsTooLarge) {
  start([](const http::Request& request) -> Result<http::Response> {
    if (count_items(request.body) > 1) {
      return http::Response{413, {}, "", request.url};
    }
    return accepted(request);
  });
  const auto report = write();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->written, 4U);
  EXPECT_EQ(report->splits, 3U);
  EXPECT_EQ(http_->requests.size(), 7U);
}

TEST_F(Elasticsearch, FindsTheOneRecordThatIsTooLarge) {
  const std::string guilty = work_identifier(make_image("3").key);
  start([&](const http::Request& request) -> Result<http::Response> {
    if (request.body.find(guilty) != std::string::npos) {
      return http::Response{413, {}, "", request.url};
    }
    return accepted(request);
  });
  const auto report = write();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->written, 3U);
  ASSERT_EQ(report->rejected.size(), 1U);
  EXPECT_EQ(report->rejected[0].index, 2U);
  EXPECT_EQ(report->rejected[0].error.errc(), Errc::too_large);
  EXPECT_EQ(report->rejected[0].by, RefusedBy::store);
}

TEST_F(Elasticsearch, WaitsForEverythingElse) {
  for (const int status : {401, 403, 404, 429, 500, 503}) {
    start([=](const http::Request& request) -> Result<http::Response> {
      return http::Response{status, {}, "{}", request.url};
    });
    const auto report = write();
    ASSERT_FALSE(report) << status;
    EXPECT_EQ(report.error().retry(), Retry::after_backoff);
  }
  start([](const http::Request&) -> Result<http::Response> {
    return Error{Errc::unreachable, Retry::never, "refused"};
  });
  EXPECT_EQ(write().error().retry(), Retry::after_backoff);
}

TEST_F(Elasticsearch, NamesTheRecordsOfTheBatchNotOfTheRequest) {
  auto records = list_.records();
  records[0].value = "no JSON";  // refused by the encoder: item 0 of the request is record 1
  start([](const http::Request& request) -> Result<http::Response> {
    return http::Response{
        200,
        {},
        R"({"items":[{"index":{"status":201}},{"index":{"status":400,)"
        R"("error":{"type":"mapper_parsing_exception"}}},{"index":{"status":409}}]})",
        request.url};
  });
  const auto report = sink_->write({records, {}}, aside_);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->written, 1U);
  EXPECT_EQ(report->stale, 1U);
  ASSERT_EQ(report->rejected.size(), 2U);
  EXPECT_EQ(report->rejected[0].index, 0U);
  EXPECT_EQ(report->rejected[0].by, RefusedBy::encoder);
  EXPECT_EQ(report->rejected[1].index, 2U);
  EXPECT_EQ(report->rejected[1].by, RefusedBy::store);
}

TEST_F(Elasticsearch, AsksForNothingWhenNothingIsLeft) {
  auto records = list_.records();
  for (SinkRecord& record : records) {
    record.schema = "catalog/9";
  }
  start([](const http::Request& request) { return accepted(request); });
  const auto report = sink_->write({records, {}}, aside_);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->rejected.size(), 4U);
  EXPECT_TRUE(http_->requests.empty());
}

TEST_F(Elasticsearch, ChecksItsAliases) {
  start([](const http::Request& request) -> Result<http::Response> {
    return http::Response{request.url.ends_with("/t-audio-write") ? 404 : 200, {}, "", request.url};
  });
  const auto checked = sink_->check();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message(), ::testing::HasSubstr("t-audio-write"));
  EXPECT_NE(checked.error().errc(), Errc::unreachable);
}

}  // namespace
}  // namespace freshet
