#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/crawl/byte_source.hpp"
#include "core/http/http_client.hpp"

namespace freshet {

/// Where the files of a crawl are: below an address, or below a folder that mirrors it. A file is
/// named by its path there, such as `crawl-data/CC-MAIN-2024-10/wat.paths.gz`.
/// @thread_safety  One thread each: it has a client of its own.
class Archive {
 public:
  /// Common Crawl's own server.
  static constexpr const char* kPublic = "https://data.commoncrawl.org";

  /// @param base    http or https URL, or a folder.
  /// @param client  for an URL; must outlive this. Retries by itself.
  Archive(std::string base, http::HttpClient& client);

  /// Whole files. An absolute path, or one that exists as it is given, is a file on disk.
  Result<std::unique_ptr<ByteSource>> open(const std::string& path) const;
  /// `length` bytes from `offset`.
  /// @error Errc::unreachable and timed_out as the client; Errc::http_status with the status as
  ///        rule; Errc::malformed_payload with the rule `range`: fewer bytes are there.
  Result<std::string> read_range(const std::string& path, std::uint64_t offset,
                                 std::uint64_t length) const;
  /// How a file is named to people: its URL or path.
  std::string name_of(const std::string& path) const;

 private:
  bool is_remote() const;

  std::string base_;
  http::HttpClient& client_;
};

}  // namespace freshet
