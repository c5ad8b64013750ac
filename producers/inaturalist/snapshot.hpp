#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace freshet::bulk {

namespace work {
// Names in the work directory.
inline constexpr const char* kNames = "names";
inline constexpr const char* kTaxa = "taxa";
inline constexpr const char* kObservers = "observers";
inline constexpr const char* kObservations = "observations";
inline constexpr const char* kPhotos = "photos";
inline constexpr const char* kParts = "part";
inline constexpr const char* kFaults = "faults";
}  // namespace work

/// Steps of the join, in their order. Each has a file for the lines that it could not use.
enum class Step { names, taxa, observers, observations, photos, join };
inline constexpr std::size_t kSteps = 6;

/// Grows when the join or what it writes becomes another: what was begun is begun anew then.
inline constexpr std::int64_t kSnapshotFormat = 2;

/// How far the join has come, and what it made of which files. Kept in the work directory.
struct Snapshot {
  std::string id;    ///< of the files as they were when the join began, and how it cuts them
  std::string boot;  ///< of the machine: what was written before a crash of it may be gone
  std::size_t steps_done = 0;             ///< of `Step`
  std::size_t buckets = 0;                ///< of observations, and of photos, by observation
  std::size_t joined = 0;                 ///< buckets that are in the parts
  std::vector<std::uint64_t> part_bytes;  ///< of each part of the photos
  std::uint64_t photos = 0;               ///< lines in the parts
  std::array<std::uint64_t, kSteps> fault_bytes{};
  std::uint64_t faults = 0;  ///< lines in the files of faults

  bool is_done() const noexcept { return steps_done == kSteps; }
  std::uint64_t lines() const noexcept { return photos + faults; }
};

/// @return nothing: there is none that can be used.
std::optional<Snapshot> load_snapshot(const std::filesystem::path& folder);
Result<void> save_snapshot(const std::filesystem::path& folder, const Snapshot& snapshot);
/// Tells one start of this machine from another.
std::string boot_of_machine();

/// A photo with its observation, as it stands in a part.
struct PhotoRow {
  std::uint64_t photo_id = 0;
  std::uint64_t line = 0;  ///< in the file of photos
  std::uint64_t observer_id = 0;
  std::optional<std::uint64_t> taxon_id;  ///< 0: of nothing that is known; nothing: no observation
  std::string_view extension;
  std::string_view license;
  std::string_view width;
  std::string_view height;
};
std::string pack(const PhotoRow& row);
PhotoRow unpack_photo(std::string_view bytes);

/// A line that could not be used.
struct FaultyLine {
  std::string file;
  std::uint64_t line = 0;
  Error error;
  std::string text;
};
std::string pack(const FaultyLine& line);
FaultyLine unpack_fault(std::string_view bytes);

/// Bytes of a record that says at its front how long it is; 0: there are fewer.
std::size_t framed_size(std::string_view bytes);
/// The record without its length.
std::string_view unframed(std::string_view record);
std::string framed(std::string_view record);

}  // namespace freshet::bulk
