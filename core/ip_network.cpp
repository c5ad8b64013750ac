#include "core/ip_network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<IpNetwork> parse_network(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) {
    return std::nullopt;
  }
  IpNetwork network{*address, 128};
  if (slash == text.size()) {
    return network;
  }
  const std::string_view digits = text.substr(slash + 1);
  // As the address was written: a mapped one counts its bits from the front.
  const bool is_short = text.substr(0, slash).find(':') == text.npos;
  unsigned bits = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (fault != std::errc{} || end != digits.data() + digits.size() ||
      bits > (is_short ? 32U : 128U)) {
    return std::nullopt;
  }
  network.bits = bits + (is_short ? 96U : 0U);
  return network;
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  text = trim_space(text);
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
  }
  if (text.empty() || text.size() > 45) {
    return std::nullopt;
  }
  const std::string terminated{text};
  IpAddress address{};
  if (inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) {
    return address;
  }
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, terminated.c_str(), v4.data()) != 1) {
    return std::nullopt;
  }
  std::ranges::copy(kMapped, address.begin());
  std::ranges::copy(v4, address.begin() + kMapped.size());
  return address;
}

bool is_ipv4(const IpAddress& address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

bool IpNetwork::contains(const IpAddress& other) const {
  const std::size_t whole = bits / 8;
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole),
                  other.begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  if (rest == 0) {
    return true;
  }
  const auto mask = static_cast<std::uint8_t>(0xffU << (8U - rest));
  return (address[whole] & mask) == (other[whole] & mask);
}

std::optional<std::vector<IpNetwork>> parse_ip_networks(std::string_view text) {
  std::vector<IpNetwork> networks;
  while (!trim_space(text).empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view entry = trim_space(text.substr(0, comma));
    const auto network = parse_network(entry);
    if (!network) {
      return std::nullopt;
    }
    networks.push_back(*network);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return networks;
}

}  // namespace freshet
