#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace freshet {

/// An address of either family in 16 bytes: one of IPv4 as `::ffff:a.b.c.d`, so that it is the same
/// in both ways of writing it.
using IpAddress = std::array<std::uint8_t, 16>;

/// Reads `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`; nothing for anything else, a port included.
std::optional<IpAddress> parse_ip_address(std::string_view text);

bool is_ipv4(const IpAddress& address);

/// An address and how many of its bits count.
struct IpNetwork {
  IpAddress address{};
  unsigned bits = 128;
  bool contains(const IpAddress& other) const;
};

/// Reads networks and addresses with commas between them: `10.0.0.0/8, 2001:db8::1`.
/// @return nothing where one of them is neither
std::optional<std::vector<IpNetwork>> parse_ip_networks(std::string_view text);

}  // namespace freshet
