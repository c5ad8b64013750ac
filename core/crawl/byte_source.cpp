#include "core/crawl/byte_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace freshet {
namespace {

/// The length of the whole file in `Content-Range: bytes 0-99/1234`.
std::optional<std::uint64_t> size_in_range(const http::Response& response) {
  const std::string* const header = response.header("content-range");
  if (header == nullptr) {
    return std::nullopt;
  }
  const std::size_t slash = header->rfind('/');
  if (slash == std::string::npos) {
    return std::nullopt;
  }
  std::uint64_t size = 0;
  const char* const end = header->data() + header->size();
  const auto read = std::from_chars(header->data() + slash + 1, end, size);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{size} : std::nullopt;
}

/// Only then are two files with it the same, byte by byte (RFC 9110 §8.8.3).
bool is_strong(std::string_view etag) { return etag.starts_with('"'); }

}  // namespace

Result<std::size_t> MemorySource::read(std::span<char> into) {
  const std::size_t count = std::min(into.size(), left_.size());
  if (count > 0) {  // nothing may have no address
    std::memcpy(into.data(), left_.data(), count);
  }
  left_.remove_prefix(count);
  return count;
}

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return Error{Errc::unreachable, Retry::never,
                 fmt::format("{} cannot be opened: {}", path, std::strerror(errno))};
  }
  return std::unique_ptr<FileSource>{new FileSource{file, path}};
}

Result<std::size_t> FileSource::read(std::span<char> into) {
  const std::size_t count = std::fread(into.data(), 1, into.size(), file_.get());
  if (count == 0 && std::ferror(file_.get()) != 0) {
    return Error{Errc::unreachable, Retry::never,
                 fmt::format("{} cannot be read: {}", path_, std::strerror(errno))};
  }
  return count;
}

Error status_error(const http::Response& response, const std::string& url) {
  const bool may_pass = response.status == 429 || response.status >= 500;
  const std::string text = fmt::format("{}: HTTP {}", url, response.status);
  return may_pass ? Error{Errc::http_status, Retry::after_backoff, text}
                  : Error{Errc::http_status, "", std::to_string(response.status), text};
}

HttpSource::HttpSource(http::HttpClient& client, std::string url, Edition edition,
                       std::size_t piece)
    : client_{client}, url_{std::move(url)}, edition_{std::move(edition)}, piece_{piece} {
  if (!is_strong(edition_.etag)) {
    edition_.etag.clear();
  }
}

/// Whether it is another file than the one that is meant; what is not known of that one yet is
/// taken from it.
bool HttpSource::is_replaced(const http::Response& response, std::uint64_t bytes) {
  const std::string* const etag = response.header("etag");
  if (etag != nullptr && is_strong(*etag)) {
    if (edition_.etag.empty()) {
      edition_.etag = *etag;
    } else if (edition_.etag != *etag) {
      return true;
    }
  }
  if (edition_.bytes == 0) {
    edition_.bytes = bytes;
  }
  return edition_.bytes != bytes;
}

Result<std::size_t> HttpSource::read(std::span<char> into) {
  if (at_ == bytes_.size()) {
    if (is_whole_ || (size_ > 0 && fetched_ == size_)) {
      return std::size_t{0};
    }
    if (const auto fetched = fetch(); !fetched) {
      return fetched.error();
    }
  }
  const std::size_t count = std::min(into.size(), bytes_.size() - at_);
  std::memcpy(into.data(), bytes_.data() + at_, count);
  at_ += count;
  return count;
}

Result<void> HttpSource::fetch() {
  http::Request request;
  request.url = url_;
  request.headers = {{"range", fmt::format("bytes={}-{}", fetched_, fetched_ + piece_ - 1)}};
  if (!edition_.etag.empty()) {
    request.headers.emplace_back("if-match", edition_.etag);
  }
  request.max_body_bytes = std::max(piece_, kMostWhole);
  const Error replaced{Errc::malformed_payload, Retry::after_backoff,
                       fmt::format("{}: the file was replaced while it was read", url_)};
  auto response = client_.send(request);
  if (!response) {
    return response.error();
  }
  if (response->status == 412 && !edition_.etag.empty()) {
    return replaced;
  }
  if (response->status == 416 && size_ == 0 && fetched_ == 0) {  // an empty file
    is_whole_ = true;
    return {};
  }
  if (response->status == 200 && fetched_ == 0) {
    if (is_replaced(*response, response->body.size())) {
      return replaced;
    }
    is_whole_ = true;
  } else if (response->status != 206) {
    return status_error(*response, url_);
  } else {
    const auto size = size_in_range(*response);
    if (!size) {
      return Error{Errc::malformed_payload, "", "content_range",
                   fmt::format("{}: a piece that does not say how long the file is", url_)};
    }
    if (is_replaced(*response, *size)) {
      return replaced;
    }
    size_ = *size;
    const std::uint64_t wanted = std::min<std::uint64_t>(piece_, size_ - fetched_);
    if (response->body.size() != wanted) {
      return Error{Errc::malformed_payload, Retry::after_backoff,
                   fmt::format("{}: a piece of {} bytes instead of {}", url_, response->body.size(),
                               wanted)};
    }
  }
  bytes_ = std::move(response->body);
  fetched_ += bytes_.size();
  at_ = 0;
  return {};
}

}  // namespace freshet
