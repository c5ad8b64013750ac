#include "core/http/public_address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace freshet::http {
namespace {

struct Case {
  const char* address;
  bool is_public;
};

class IsPublic : public testing::TestWithParam<Case> {};

TEST_P(IsPublic, OfEachKindOfAddress) {
  const auto address = parse_ip_address(GetParam().address);
  ASSERT_TRUE(address) << GetParam().address;
  EXPECT_EQ(is_public(*address), GetParam().is_public) << GetParam().address;
}

INSTANTIATE_TEST_SUITE_P(
    Ipv4, IsPublic,
    testing::Values(
        Case{"93.184.215.14", true}, Case{"1.1.1.1", true}, Case{"223.255.255.254", true},
        Case{"0.0.0.0", false}, Case{"0.1.2.3", false}, Case{"10.0.0.1", false},
        Case{"10.255.255.255", false}, Case{"11.0.0.0", true}, Case{"100.64.0.1", false},
        Case{"100.127.255.255", false}, Case{"100.128.0.1", true}, Case{"127.0.0.1", false},
        Case{"127.255.255.254", false}, Case{"169.254.169.254", false}, Case{"169.253.1.1", true},
        Case{"172.16.0.1", false}, Case{"172.31.255.255", false}, Case{"172.32.0.1", true},
        Case{"192.0.0.8", false}, Case{"192.0.2.1", false}, Case{"192.88.99.1", false},
        Case{"192.168.0.1", false}, Case{"192.169.0.1", true}, Case{"198.18.0.1", false},
        Case{"198.19.255.255", false}, Case{"198.20.0.1", true}, Case{"198.51.100.7", false},
        Case{"203.0.113.7", false}, Case{"224.0.0.1", false}, Case{"239.255.255.250", false},
        Case{"240.0.0.1", false}, Case{"255.255.255.255", false}));

INSTANTIATE_TEST_SUITE_P(Ipv6, IsPublic,
                         testing::Values(Case{"2606:2800:21f:cb07:6820:80da:af6b:8b2c", true},
                                         Case{"2a00::1", true}, Case{"::", false},
                                         Case{"::1", false}, Case{"fe80::1", false},
                                         Case{"febf::1", false}, Case{"fec0::1", false},
                                         Case{"fc00::1", false}, Case{"fdff::1", false},
                                         Case{"ff02::1", false}, Case{"ff0e::1", false},
                                         Case{"2001:db8::1", false}, Case{"3fff::1", false},
                                         Case{"100::1", false}, Case{"4000::1", false}));

// Addresses of IPv4 in other clothes.
INSTANTIATE_TEST_SUITE_P(
    Embedded, IsPublic,
    testing::Values(Case{"::ffff:127.0.0.1", false}, Case{"::ffff:10.0.0.1", false},
                    Case{"::ffff:a9fe:a9fe", false}, Case{"::ffff:1.1.1.1", true},
                    Case{"64:ff9b::7f00:1", false}, Case{"64:ff9b::10.1.2.3", false},
                    Case{"64:ff9b::a9fe:a9fe", false}, Case{"64:ff9b::1.1.1.1", true},
                    Case{"64:ff9b:1::1.1.1.1", false}, Case{"64:ff9b:1::7f00:1", false},
                    Case{"::127.0.0.1", false}, Case{"::1.1.1.1", false},
                    Case{"::ffff:0:127.0.0.1", false}, Case{"2002:7f00:1::1", false},
                    Case{"2002:101:101::1", false}, Case{"2001:0:101:101::1", false}));

sockaddr_storage socket_address(const char* text) {
  sockaddr_storage storage{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&storage, &v4, sizeof v4);
  } else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    std::memcpy(&storage, &v6, sizeof v6);
  }
  return storage;
}

bool allows(const AddressGuard& guard, const char* text) {
  const sockaddr_storage storage = socket_address(text);
  return guard.allows(reinterpret_cast<const sockaddr&>(storage));
}

TEST(AddressGuard, ReadsWhatASocketIsConnectedTo) {
  const AddressGuard guard;
  EXPECT_TRUE(allows(guard, "1.1.1.1"));
  EXPECT_TRUE(allows(guard, "2a00::1"));
  EXPECT_FALSE(allows(guard, "127.0.0.1"));
  EXPECT_FALSE(allows(guard, "::ffff:127.0.0.1"));
  EXPECT_FALSE(allows(guard, "::1"));
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(guard.allows(reinterpret_cast<const sockaddr&>(local)));
}

TEST(AddressGuard, AllowsNetworksThatAreNamed) {
  const AddressGuard guard{*parse_ip_networks("10.1.0.0/16, fd00::/8")};
  EXPECT_TRUE(allows(guard, "10.1.2.3"));
  EXPECT_TRUE(allows(guard, "::ffff:10.1.2.3"));
  EXPECT_TRUE(allows(guard, "fd12::1"));
  EXPECT_FALSE(allows(guard, "10.2.0.1"));
  EXPECT_FALSE(allows(guard, "127.0.0.1"));
}

}  // namespace
}  // namespace freshet::http
