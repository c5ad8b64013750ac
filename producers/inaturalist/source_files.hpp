#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/crawl/byte_source.hpp"
#include "core/time.hpp"
#include "producers/provider.hpp"

namespace freshet::bulk {

inline constexpr const char* kPhotos = "photos.csv.gz";
inline constexpr const char* kObservations = "observations.csv.gz";
inline constexpr const char* kTaxa = "taxa.csv.gz";
inline constexpr const char* kObservers = "observers.csv.gz";
inline constexpr std::array<const char*, 4> kTables{kPhotos, kObservations, kTaxa, kObservers};
inline constexpr const char* kNameUsage = "NameUsage.tsv";
inline constexpr const char* kVernacularName = "VernacularName.tsv";

/// A file as it is now.
struct FileState {
  std::string name;
  std::uint64_t bytes = 0;
  std::string version;  ///< changes with its content: ETag, or time of change
  std::string etag;     ///< behind a URL, where it has one
  std::optional<UtcTime> changed_at;
};

/// Where the files are: the four tables below a URL or in a folder, and the vernacular names of the
/// Catalogue of Life in a zip file or a folder.
/// @thread_safety  One thread.
class SourceFiles {
 public:
  static constexpr const char* kPublic = "https://inaturalist-open-data.s3.amazonaws.com";
  static constexpr const char* kPublicNames =
      "https://download.checklistbank.org/col/latest_coldp.zip";

  explicit SourceFiles(FileParts parts);

  /// The four tables, in the order of `kTables`, and what the names are read from, without reading
  /// them.
  /// @error Errc::unreachable, Errc::http_status and the client's: one of them is not there.
  Result<std::vector<FileState>> look();

  /// One of the tables, decompressed, as `look` found it: one that was replaced since is an error
  /// of its source.
  Result<std::unique_ptr<ByteSource>> open_table(const std::string& file);

  bool has_names() const noexcept { return !names_.empty(); }
  /// Copies the names to this machine, where they are a zip file behind a URL.
  Result<void> fetch_names();
  Result<std::unique_ptr<ByteSource>> open_names(const std::string& file);

  /// How a file is named to people.
  std::string name_of(const std::string& file) const;

 private:
  Result<FileState> look_at(const std::string& name);
  Result<std::unique_ptr<ByteSource>> open(const std::string& name, HttpSource::Edition edition);
  http::HttpClient& client();

  FileParts parts_;
  std::string tables_;  ///< URL or folder, without a slash at its end
  std::string names_;   ///< URL, zip file or folder; empty: none
  std::unique_ptr<http::HttpClient> client_;
  std::map<std::string, HttpSource::Edition> seen_;  ///< tables, as last looked at
};

}  // namespace freshet::bulk
