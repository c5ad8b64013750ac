#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

namespace freshet::api {

/// A body that is made while it is sent: of what has no end, or does not fit into memory.
///
/// Belongs to one reply, and is used on its thread only. The server asks for a piece once the one
/// before has left, so that a slow reader costs one piece of memory.
class BodyStream {
 public:
  BodyStream() = default;
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;
  virtual ~BodyStream() = default;

  /// The next piece; empty: nothing yet, ask again; nothing: the end. Comes back within a second or
  /// two, so that the server can stop.
  virtual boost::asio::awaitable<std::optional<std::string>> next() = 0;
};

}  // namespace freshet::api
