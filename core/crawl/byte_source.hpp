#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/http/http_client.hpp"
#include "core/result.hpp"

namespace freshet {

/// Bytes from the beginning of a file to its end.
/// @thread_safety  One thread.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  /// @return how many bytes were read into the front of `into` (not empty); 0: the end.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
};

/// Bytes in memory; they must outlive it.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : left_{bytes} {}
  Result<std::size_t> read(std::span<char> into) override;

 private:
  std::string_view left_;
};

/// A file on disk.
class FileSource final : public ByteSource {
 public:
  /// @error Errc::unreachable, Retry::never: it cannot be opened.
  static Result<std::unique_ptr<FileSource>> open(const std::string& path);
  Result<std::size_t> read(std::span<char> into) override;

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  FileSource(std::FILE* file, std::string path) : file_{file}, path_{std::move(path)} {}

  std::unique_ptr<std::FILE, Close> file_;
  std::string path_;
};

/// A file behind HTTP, asked for in pieces by range: never more than a piece is in memory, and a
/// piece that fails is asked for again without the others.
///
/// A server that ignores ranges is understood as long as the whole file is smaller than
/// `kMostWhole`. All pieces are of one edition of the file, by its strong ETag and its length: one
/// that is replaced meanwhile, or since somebody looked at it, is an error.
class HttpSource final : public ByteSource {
 public:
  /// What is known of the file that is meant.
  struct Edition {
    std::string etag{};       ///< as the server wrote it; empty or weak: not known
    std::uint64_t bytes = 0;  ///< 0: not known
  };

  static constexpr std::size_t kPiece = 4U << 20U;
  static constexpr std::size_t kMostWhole = 64U << 20U;

  /// @param client  retries by itself; must outlive this.
  HttpSource(http::HttpClient& client, std::string url, std::size_t piece = kPiece)
      : HttpSource{client, std::move(url), Edition{}, piece} {}
  /// @param edition  another one is an error.
  HttpSource(http::HttpClient& client, std::string url, Edition edition,
             std::size_t piece = kPiece);
  /// @error what the client gives; Errc::http_status with the status as rule for any but 200 and
  ///        206 (Retry::after_backoff for those that may pass). Errc::malformed_payload,
  ///        Retry::after_backoff: the file was replaced.
  Result<std::size_t> read(std::span<char> into) override;

 private:
  Result<void> fetch();
  bool is_replaced(const http::Response& response, std::uint64_t bytes);

  http::HttpClient& client_;
  std::string url_;
  Edition edition_;
  std::size_t piece_;
  std::string bytes_;          ///< of the present piece
  std::size_t at_ = 0;         ///< in `bytes_`
  std::uint64_t fetched_ = 0;  ///< bytes of the file
  std::uint64_t size_ = 0;     ///< of the file; 0: not known yet
  bool is_whole_ = false;
};

/// A status other than 200 and 206, as an error.
Error status_error(const http::Response& response, const std::string& url);

}  // namespace freshet
