#pragma once

#include <memory>
#include <string>

#include "thumbnails/maker.hpp"

namespace freshet::thumbnails {

/// Answers the API on a socket of this machine, in HTTP: `GET /picture?url=…&width=600&quality=80&
/// format=webp` and `GET /peaks?url=…`. 200 with the bytes, 415, 424 or 503 with a sentence.
///
/// One thread reads and writes; what takes long is done by the maker's, which outlives this.
class Server {
 public:
  /// @param path  of the socket; one that nobody listens on any more is replaced.
  /// @error StartupError when it cannot be made, or another process listens there
  Server(const std::string& path, Maker& maker);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with what the maker has still to deliver
};

}  // namespace freshet::thumbnails
