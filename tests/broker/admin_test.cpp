#include "core/kafka/admin.hpp"

#include <gtest/gtest.h>

#include "tests/support/mock_cluster.hpp"

namespace freshet::kafka {
namespace {

using test::MockCluster;

// While a broker takes a group over it says that it does not coordinate it. librdkafka 2.0.2 ends
// the process then, unless the handle has a group of its own.
TEST(AdminTest, AsksAgainForOffsetsOfAGroupThatMoves) {
  MockCluster cluster;
  cluster.create_topic("t", 2);
  Admin admin{cluster.config()};
  cluster.fail(MockCluster::Request::offset_fetch, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, 2);
  const auto offsets = admin.group_offsets("g", {{"t", Partition{0}}, {"t", Partition{1}}});
  ASSERT_TRUE(offsets) << offsets.error().message();
  EXPECT_TRUE(offsets->empty());
}

TEST(AdminTest, SaysWhyOffsetsAreRefused) {
  MockCluster cluster;
  cluster.create_topic("t", 1);
  Admin admin{cluster.config()};
  cluster.fail(MockCluster::Request::offset_fetch, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  const auto offsets = admin.group_offsets("g", {{"t", Partition{0}}});
  ASSERT_FALSE(offsets);
  EXPECT_EQ(offsets.error().errc(), Errc::broker_error);
  EXPECT_EQ(offsets.error().retry(), Retry::never);
}

}  // namespace
}  // namespace freshet::kafka
