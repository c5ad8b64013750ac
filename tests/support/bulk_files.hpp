#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/http/http_client.hpp"
#include "core/json.hpp"
#include "producers/inaturalist/join.hpp"
#include "producers/provider.hpp"

namespace freshet::test {

std::string gzip(std::string_view text);
/// A zip file of these files, by name.
std::string zip(const std::map<std::string, std::string>& files);

/// A folder that is removed with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The files of a hand-written case, behind HTTP, and a work directory for who reads them
/// (tests/fixtures/README.md). A case without files has none.
class BulkFiles {
 public:
  explicit BulkFiles(const json::value& document);

  /// The answer where a file of the case is asked for; nothing for anything else.
  std::optional<http::Response> answer(const http::Request& request) const;

  /// The provider of a case, which asks for its files as `answer` says. One of files is made with
  /// so small buckets, parts and pages that a few lines make several of each.
  /// @param client  outlives it.
  std::unique_ptr<Provider> make_provider(const std::string& command, http::HttpClient& client,
                                          std::function<void()> on_keep = {}) const;

  /// The work directory, as a new machine has it.
  void forget_work() const;

 private:
  std::map<std::string, std::string> bytes_;  ///< by URL
  std::unique_ptr<TemporaryFolder> work_;
};

}  // namespace freshet::test
