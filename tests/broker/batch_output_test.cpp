#include "processors/catalogue/output.hpp"

#include <gtest/gtest.h>

#include "core/topics.hpp"
#include "tests/support/mock_cluster.hpp"

namespace freshet {
namespace {

// A verdict of a hundred bytes may write a record of megabytes: the batch has to know.
TEST(BatchOutput, KnowsHowMuchTheBatchKeepsInMemory) {
  test::MockCluster cluster;
  cluster.create_topic(std::string{topics::kCatalog}, 1);
  const Config::Kafka config = cluster.config();
  kafka::Producer producer{config, {}};
  BatchOutput output{config, {1, 1}};
  Touched touched;
  output.begin(producer, UtcTime{1});
  output.about(kafka::Partition{0}, touched);
  EXPECT_TRUE(output.record("image:met:1", std::string(1'000'000, 'x')));
  EXPECT_TRUE(output.record("image:met:2", "{}"));
  EXPECT_FALSE(output.record("image:met:3", std::string(3'000'000, 'x'))) << "it was not sent";
  EXPECT_EQ(output.record_bytes(), 1'000'002U);
  EXPECT_EQ(touched.records, 2);
  EXPECT_FALSE(output.failure());
  output.begin(producer, UtcTime{2});
  EXPECT_EQ(output.record_bytes(), 0U);
}

}  // namespace
}  // namespace freshet
