#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "core/result.hpp"
#include "producers/inaturalist/snapshot.hpp"
#include "producers/inaturalist/source_files.hpp"

namespace freshet::bulk {

struct JoinOptions {
  /// How much of the files, compressed, goes into one bucket and one part. What is in memory at a
  /// time is about five times as much.
  std::uint64_t bucket_bytes = 16UL << 20U;
  std::uint64_t part_bytes = 8UL << 20U;
  std::size_t most = 1'024;  ///< buckets, and parts
  /// Called each time just before the place is kept, and just after; may be null.
  std::function<void()> on_keep;
};

/// Joins photos with their observations on disk, in bounded memory, and puts taxa and observers
/// where they can be found by id.
///
///     names, taxa     ─► taxa        (title and tags by id)
///     observers       ─► observers   (creator by id)
///     observations    ─► observations.N   ┐ by observation
///     photos          ─► photos.N         ┘
///     observations.N + photos.N ─► part.M   by photo, so that a photo's lines meet
///
/// A step that was interrupted is done again, and of the last one only the bucket. Lines that are
/// no rows are kept with their reason, so that each is told once.
/// @param files   as `SourceFiles::look` found them.
/// @param folder  the work directory, of this process alone.
/// @error of the files: nothing can be told of them as a whole. Of the work directory:
///        Errc::unreachable.
Result<Snapshot> join_files(SourceFiles& source, const std::vector<FileState>& files,
                            const std::filesystem::path& folder, const JoinOptions& options,
                            const std::stop_token& stop);

}  // namespace freshet::bulk
