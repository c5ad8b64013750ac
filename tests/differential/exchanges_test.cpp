#include "simulate/exchanges.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/paths.hpp"

namespace freshet::simulate {
namespace {

namespace fs = std::filesystem;

/// The recordings that lie beside the project, where they do.
class RecordedExchanges : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(directory_ / "exchanges")) {
      const char* const ci = std::getenv("CI");
      ASSERT_NE(std::string_view{ci == nullptr ? "" : ci}, "true") << "no recordings";
      GTEST_SKIP() << "no recordings beside the project";
    }
  }
  fs::path directory_ = source_dir() / "../shared/fixtures/original";
};

TEST_F(RecordedExchanges, EveryRecordedRequestFindsExactlyItsOwnReply) {
  for (const std::string& name : list_cases(directory_)) {
    const Exchanges exchanges = Exchanges::load(directory_, name);
    for (const Exchange& exchange : exchanges.recorded()) {
      const Answer answer = exchanges.answer(exchange.method, exchange.location);
      EXPECT_EQ(answer.match, Match::exact) << name << ": " << exchange.location.text();
      EXPECT_EQ(answer.reply.body, exchange.reply.body) << name;
    }
  }
}

TEST_F(RecordedExchanges, TheRequestAfterTheRecordedOnesGetsAnEmptyPage) {
  int followed = 0;
  for (const std::string& name : list_cases(directory_)) {
    std::ifstream in{directory_ / "exchanges" / (name + ".json")};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    const boost::json::value document = boost::json::parse(text);
    const boost::json::value& next = document.at("run").at("next_params");
    if (!next.is_object()) {
      continue;
    }
    const Exchanges exchanges = Exchanges::load(directory_, name);
    Location asked =
        parse_location(document.at("otherwise").as_array().at(0).at("url").as_string().c_str());
    for (const auto& parameter : next.as_object()) {
      const auto add = [&](const boost::json::value& value) {
        asked.query.emplace_back(parameter.key(), value.is_string()
                                                      ? std::string{value.as_string()}
                                                      : boost::json::serialize(value));
      };
      if (parameter.value().is_array()) {
        for (const auto& value : parameter.value().as_array()) {
          add(value);
        }
      } else {
        add(parameter.value());
      }
    }
    std::sort(asked.query.begin(), asked.query.end());
    const Answer answer = exchanges.answer("GET", asked);
    if (answer.match == Match::exact) {
      // Recorded itself: Finna's runs end on a page of their own, and the cut runs of Flickr ask
      // for page 1 after a page 0 that carried the same parameters.
      EXPECT_TRUE(name.starts_with("finnishmuseums/") || name.starts_with("flickr/")) << name;
      continue;
    }
    EXPECT_EQ(answer.match, Match::otherwise) << name;
    ++followed;
  }
  EXPECT_GT(followed, 40);
}

}  // namespace
}  // namespace freshet::simulate
