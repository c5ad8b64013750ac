#pragma once

#include <string>

#include "api/thumbnails.hpp"

namespace freshet::api {

/// Asks the thumbnails role on its socket, a connection for each picture.
class ThumbnailClient final : public Thumbnails {
 public:
  /// @param socket  path
  explicit ThumbnailClient(std::string socket) : socket_{std::move(socket)} {}

  Task<Result<Made>> picture(PictureAsk asked, Deadline deadline) override;
  Task<Result<Made>> peaks(std::string url, Deadline deadline) override;

 private:
  Task<Result<Made>> ask(std::string target, Deadline deadline);

  const std::string socket_;
};

}  // namespace freshet::api
