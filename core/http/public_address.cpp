#include "core/http/public_address.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "core/check.hpp"

namespace freshet::http {
namespace {

std::vector<IpNetwork> networks(std::string_view text) {
  auto read = parse_ip_networks(text);
  FRESHET_CHECK(read.has_value());
  return std::move(*read);
}

bool is_in(const std::vector<IpNetwork>& list, const IpAddress& address) {
  return std::ranges::any_of(list,
                             [&](const IpNetwork& network) { return network.contains(address); });
}

IpAddress from_v4(const std::uint8_t* bytes) {
  IpAddress address{};
  address[10] = address[11] = 0xff;
  std::copy_n(bytes, 4, address.begin() + 12);
  return address;
}

}  // namespace

bool is_public(const IpAddress& address) {
  static const std::vector<IpNetwork> special_v4 = networks(
      "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, "
      "192.0.0.0/24, 192.0.2.0/24, 192.31.196.0/24, 192.52.193.0/24, 192.88.99.0/24, "
      "192.168.0.0/16, 192.175.48.0/24, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, "
      "224.0.0.0/4, 240.0.0.0/4");
  // Of IPv6 only 2000::/3 is given out; these are what is special within it.
  static const std::vector<IpNetwork> given_out = networks("2000::/3");
  static const std::vector<IpNetwork> special_v6 =
      networks("2001::/23, 2001:db8::/32, 2002::/16, 2620:4f:8000::/48, 3fff::/20");
  static const std::vector<IpNetwork> nat64 = networks("64:ff9b::/96");
  if (is_ipv4(address)) {
    return !is_in(special_v4, address);
  }
  if (is_in(nat64, address)) {
    return is_public(from_v4(address.data() + 12));
  }
  return is_in(given_out, address) && !is_in(special_v6, address);
}

bool AddressGuard::allows(const IpAddress& address) const {
  return is_public(address) || is_in(allowed_, address);
}

bool AddressGuard::allows(const sockaddr& address) const {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return allows(from_v4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr)));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    IpAddress bytes{};
    std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
    return allows(bytes);
  }
  return false;
}

}  // namespace freshet::http
