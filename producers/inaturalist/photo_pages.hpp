#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "producers/inaturalist/lookup_table.hpp"
#include "producers/inaturalist/snapshot.hpp"

namespace freshet::bulk {

/// Whether a photo with this licence code may be shown; see `license_of` in the provider.
using IsOpen = bool (*)(std::string_view license);

/// Reads what the join made, page by page. A page is the same whenever it is read.
/// @thread_safety  One thread.
class PhotoPages {
 public:
  /// Where a page begins. Parts of the photos come first; behind them, the files of faults.
  struct Place {
    std::uint64_t part = 0;
    std::uint64_t at = 0;  ///< photos: number of the line in its part; faults: byte in the file
    bool operator==(const Place&) const = default;
  };

  /// @error Errc::unreachable: the work directory cannot be read.
  static Result<std::unique_ptr<PhotoPages>> open(std::filesystem::path folder, Snapshot snapshot,
                                                  IsOpen is_open);

  const Snapshot& snapshot() const noexcept { return snapshot_; }

  /// Of a photo: `{"photo_id", "observer_id", "extension", "license", "width", "height", "line"}`
  /// with `"creator", "title", "tags"`, or with `"left_out"`, the name of a `ProducerDrop`. Of a
  /// line that could not be used: `{"file", "line", "text", "fault": {"errc", "field", "rule",
  /// "message"}}`.
  struct Page {
    json::array items;
    std::optional<Place> next;  ///< nothing: it is the last one
  };
  Result<Page> read(Place place, std::size_t most);

  struct Row {
    std::uint64_t photo_id;
    std::uint64_t line;
    std::string_view bytes;  ///< of the part
    bool is_repeat;          ///< another line of the photo is shown
  };

 private:
  PhotoPages(std::filesystem::path folder, Snapshot snapshot, IsOpen is_open)
      : folder_{std::move(folder)}, snapshot_{std::move(snapshot)}, is_open_{is_open} {}

  Result<void> load(std::uint64_t part);
  Result<bool> is_whole(const PhotoRow& row);
  Result<json::object> item_of(const Row& row);
  Result<Page> read_photos(Place place, std::size_t most);
  Result<Page> read_faults(Place place, std::size_t most);
  std::optional<Place> following(Place place) const;

  std::filesystem::path folder_;
  Snapshot snapshot_;
  IsOpen is_open_;
  std::unique_ptr<LookupTable> taxa_;
  std::unique_ptr<LookupTable> observers_;
  std::optional<std::uint64_t> loaded_;  ///< the part in memory
  std::string bytes_;
  std::vector<Row> rows_;  ///< by photo, then by line
  std::string found_;
};

}  // namespace freshet::bulk
