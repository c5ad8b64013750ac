#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "api/dispatcher.hpp"
#include "core/json.hpp"
#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/fake_services.hpp"

namespace freshet::api {
namespace {

constexpr const char* kId = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";

TEST(ReadPeaks, TakesNothingButNumbersFromZeroToOne) {
  EXPECT_EQ(read_peaks("[0,0.5,1]"), (std::vector<double>{0, 0.5, 1}));
  for (const char* text : {"", "[]", "{}", "null", "[1.1]", "[-0.1]", "[\"1\"]", "[0.1", "[null]",
                           "[1e999]", "<script>"}) {
    EXPECT_FALSE(read_peaks(text)) << text;
  }
  std::string long_list = "[0";
  for (int i = 0; i < 1'500; ++i) {
    long_list += ",0";
  }
  EXPECT_FALSE(read_peaks(long_list + "]"));
}

class WaveformTest : public testing::Test, protected FakeServices {
 protected:
  WaveformTest() {
    WorkRow row;
    row.identifier = kId;
    row.text<Field::source>() = "met";
    row.text<Field::url>() = "files.example.org/1.mp3";
    store.rows.push_back(row);
    thumbnails.answers = {Made{200, "application/json", "[0.25,1]"}};
  }
  Reply get(const std::string& target) { return ask(dispatcher, request_for("GET", target)); }
  Reply waveform() { return get(std::string{"/v1/audio/"} + kId + "/waveform/"); }

  NoLimiter limiter;
  Dispatcher dispatcher{with(limiter), router};
};

TEST_F(WaveformTest, IsMadeOnceAndKept) {
  for (int i = 0; i < 2; ++i) {
    const Reply reply = waveform();
    EXPECT_EQ(reply.status, 200U);
    EXPECT_EQ(reply.body, R"({"len":2,"points":[0.25,1]})");
    EXPECT_EQ(header_of(reply, "Cache-Control"), "public, max-age=3600, s-maxage=10");
  }
  ASSERT_EQ(thumbnails.asked.size(), 1U);
  EXPECT_EQ(thumbnails.asked[0].url, "https://files.example.org/1.mp3");
  EXPECT_EQ(peaks.urls.at(kId), "files.example.org/1.mp3");
}

TEST_F(WaveformTest, HoldsAConnectionNoLongerThanASearchDoes) {
  waveform();
  EXPECT_LE(store.last_deadline->left(), kRequestLimit);
}

TEST_F(WaveformTest, IsToldAlsoWhereItCannotBeKept) {
  peaks.fault = Error{Errc::unreachable, Retry::after_backoff, "away"};
  EXPECT_EQ(waveform().body, R"({"len":2,"points":[0.25,1]})");
}

TEST_F(WaveformTest, FailuresAreTold) {
  struct Case {
    Result<Made> answer;
    unsigned status;
  };
  for (const Case& one :
       {Case{Made{424, "text/plain", "No."}, 424}, Case{Made{415, "text/plain", "No."}, 424},
        Case{Made{200, "application/json", "[2]"}, 424}, Case{Made{503, "text/plain", "No."}, 503},
        Case{Error{Errc::unreachable, Retry::after_backoff, "away"}, 503}}) {
    thumbnails.answers = {one.answer};
    thumbnails.asked.clear();
    EXPECT_EQ(waveform().status, one.status);
  }
  EXPECT_TRUE(peaks.stored.empty());
  store.rows.clear();
  EXPECT_EQ(waveform().status, 404U);
  EXPECT_EQ(get(std::string{"/v1/images/"} + kId + "/waveform/").status, 404U);
}

TEST_F(WaveformTest, IsInItemsWhereItIsAskedFor) {
  index.answer = R"({"hits":{"total":1,"hits":[{"_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11"}]}})";
  const auto peaks_of = [&](const std::string& target) {
    const json::value body = json::parse(get(target).body);
    const json::value item = body.as_object().contains("results") ? body.at("results").at(0) : body;
    return item.as_object().contains("peaks") ? item.at("peaks") : json::value{};
  };
  const std::string detail = std::string{"/v1/audio/"} + kId + "/";
  for (const std::string& target : {std::string{"/v1/audio/"}, detail}) {
    EXPECT_EQ(peaks_of(target), json::value{});
    EXPECT_EQ(peaks_of(target + "?peaks=true"), json::value(json::array{}));
  }
  peaks.stored[kId] = "[0.5,1]";
  for (const std::string& target : {std::string{"/v1/audio/"}, detail}) {
    EXPECT_EQ(peaks_of(target + "?peaks=true"), json::parse("[0.5,1]")) << target;
    EXPECT_EQ(peaks_of(target), json::value{});
  }
  peaks.fault = Error{Errc::unreachable, Retry::after_backoff, "away"};
  EXPECT_EQ(peaks_of("/v1/audio/?peaks=true"), json::value(json::array{}));
}

}  // namespace
}  // namespace freshet::api
