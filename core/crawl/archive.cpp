#include "core/crawl/archive.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace freshet {

Archive::Archive(std::string base, http::HttpClient& client)
    : base_{std::move(base)}, client_{client} {
  while (base_.size() > 1 && base_.ends_with('/')) {
    base_.pop_back();
  }
}

bool Archive::is_remote() const {
  return base_.starts_with("http://") || base_.starts_with("https://");
}

std::string Archive::name_of(const std::string& path) const {
  if (path.starts_with('/')) {
    return path;
  }
  return base_ + "/" + path;
}

Result<std::unique_ptr<ByteSource>> Archive::open(const std::string& path) const {
  const std::string name = name_of(path);
  if (is_remote() && name != path) {
    return std::unique_ptr<ByteSource>{std::make_unique<HttpSource>(client_, name)};
  }
  auto file = FileSource::open(name);
  if (!file) {
    return file.error();
  }
  return std::unique_ptr<ByteSource>{std::move(*file)};
}

Result<std::string> Archive::read_range(const std::string& path, std::uint64_t offset,
                                        std::uint64_t length) const {
  const std::string name = name_of(path);
  const auto short_of = [&](std::size_t found) {
    return Error{Errc::malformed_payload, "", "range",
                 fmt::format("{}: {} bytes at {} instead of {}", name, found, offset, length)};
  };
  if (is_remote() && name != path) {
    http::Request request;
    request.url = name;
    request.headers = {{"range", fmt::format("bytes={}-{}", offset, offset + length - 1)}};
    auto response = client_.send(request);
    if (!response) {
      return response.error();
    }
    if (response->status == 200 && response->body.size() >= offset + length) {
      return response->body.substr(offset, length);  // a server that ignores ranges
    }
    if (response->status != 206) {
      return status_error(*response, name);
    }
    if (response->body.size() != length) {
      return short_of(response->body.size());
    }
    return std::move(response->body);
  }
  std::ifstream file{name, std::ios::binary};
  if (!file) {
    return Error{Errc::http_status, "", "404", name + " is not there"};
  }
  std::string bytes(length, '\0');
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(bytes.data(), static_cast<std::streamsize>(length));
  if (const auto found = static_cast<std::size_t>(file.gcount()); found != length) {
    return short_of(found);
  }
  return bytes;
}

}  // namespace freshet
