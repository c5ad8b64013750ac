#include "core/ip_network.hpp"

#include <gtest/gtest.h>

#include "core/redis_url.hpp"

namespace freshet {
namespace {

bool is_in(const char* networks, const char* address) {
  const auto list = parse_ip_networks(networks);
  const auto looked_for = parse_ip_address(address);
  for (const IpNetwork& network : *list) {
    if (network.contains(*looked_for)) {
      return true;
    }
  }
  return false;
}

TEST(IpNetworks, HoldTheirAddresses) {
  EXPECT_TRUE(is_in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(is_in("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(is_in("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(is_in("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(is_in("192.0.2.1", "::ffff:192.0.2.1"));
  EXPECT_TRUE(is_in("2001:db8::/32, 10.0.0.1", "2001:db8:ffff::1"));
  EXPECT_TRUE(is_in("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(is_in("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(is_in("::/0", "203.0.113.9"));
  EXPECT_TRUE(parse_ip_networks("")->empty());
}

TEST(IpNetworks, RefuseWhatIsNone) {
  for (const char* text : {"10.0.0.0/33", "10.0.0", "x", "10.0.0.1/", "10.0.0.1/-1", "::/129",
                           "10.0.0.1,,10.0.0.2", "host.example"}) {
    EXPECT_FALSE(parse_ip_networks(text)) << text;
  }
}

TEST(RedisUrl, IsReadOrRefused) {
  const auto whole = parse_redis_url("redis://me:p%40ss@r.example:6380/3");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->user, "me");
  EXPECT_EQ(whole->password, "p@ss");
  EXPECT_EQ(whole->authority(), "r.example:6380");
  EXPECT_EQ(whole->database, 3);
  EXPECT_EQ(parse_redis_url("redis://:x@r")->password, "x");
  EXPECT_EQ(parse_redis_url("redis://r")->authority(), "r:6379");
  EXPECT_EQ(parse_redis_url("redis://[::1]:7")->host, "::1");
  for (const char* text : {"", "http://r", "redis://", "redis://r:x", "redis://r:99999",
                           "redis://r/x", "redis://:p@"}) {
    EXPECT_FALSE(parse_redis_url(text)) << text;
  }
}

}  // namespace
}  // namespace freshet
