#include "processors/stage_output.hpp"

#include <gtest/gtest.h>

#include "core/topics.hpp"
#include "processors/stages/dedupe/catalog_output.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet {
namespace {

// A verdict of a hundred bytes may write a record of megabytes: the batch has to know.
TEST(StageOutput, KnowsHowMuchTheBatchKeepsInMemory) {
  test::MockCluster cluster;
  cluster.create_topic(std::string{topics::kCatalog}, 1);
  const Config::Kafka config = cluster.config();
  kafka::Producer producer{config, {}};
  StageOutput output{config, 1};
  CatalogTopics topics{config, {1, 1}};
  std::int64_t sent = 0;
  CatalogOutput catalogue{topics, kafka::Partition{0}, nullptr, output, sent};
  output.begin(producer, UtcTime{1});
  EXPECT_TRUE(catalogue.record("image:met:1", std::string(1'000'000, 'x')));
  EXPECT_TRUE(catalogue.record("image:met:2", "{}"));
  EXPECT_FALSE(catalogue.record("image:met:3", std::string(3'000'000, 'x'))) << "it was not sent";
  EXPECT_EQ(output.kept_bytes(), 1'000'002U);
  EXPECT_EQ(sent, 2);
  EXPECT_FALSE(output.failure());
  output.begin(producer, UtcTime{2});
  EXPECT_EQ(output.kept_bytes(), 0U);
}

}  // namespace
}  // namespace freshet
