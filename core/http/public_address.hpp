#pragma once

#include <sys/socket.h>

#include <utility>
#include <vector>

#include "core/ip_network.hpp"

namespace freshet::http {

/// Whether an address is one of the public internet: unicast, and neither private, loopback,
/// link-local, shared (RFC 6598), reserved, nor for documentation or benchmarks. Of one that holds
/// an address of IPv4 (mapped, NAT64's well-known prefix) the inner one decides; prefixes that hold
/// one in other ways (6to4, Teredo, compatible, NAT64 of a site) never are.
///
/// @source  IANA's registries of special-purpose addresses (RFC 6890, RFC 8190), seen 2026-11.
bool is_public(const IpAddress& address);

/// Which addresses may be asked for what strangers name: a URL of a work may lead anywhere, and
/// must not reach what only this machine can.
class AddressGuard {
 public:
  /// @param allowed  networks that may be asked although they are not public
  explicit AddressGuard(std::vector<IpNetwork> allowed = {}) : allowed_{std::move(allowed)} {}

  bool allows(const IpAddress& address) const;
  /// Of what a socket is about to be connected to; a family that is not IP is never allowed.
  bool allows(const sockaddr& address) const;

 private:
  std::vector<IpNetwork> allowed_;
};

}  // namespace freshet::http
