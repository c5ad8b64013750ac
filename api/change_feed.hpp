#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/media.hpp"
#include "api/stores.hpp"

namespace freshet::api {

/// A place in the change feed: behind one entry, before the next.
struct FeedPosition {
  std::string epoch;        ///< of the database whose feed it is
  std::uint64_t xid = 0;    ///< transaction of the entry
  std::int64_t number = 0;  ///< of the entry; 0: before all entries of the transaction
  friend bool operator==(const FeedPosition&, const FeedPosition&) = default;
};

/// `42d3d85fb62b.735.12`
std::string to_text(const FeedPosition& position);
/// @return nothing where it is no position
std::optional<FeedPosition> parse_feed_position(std::string_view text);

/// Which changes are wanted; empty: all of them. Names and slugs in lower case.
struct ChangeFilter {
  std::optional<Media> media;
  std::vector<std::string> sources;
  std::vector<std::string> licenses;

  bool takes_media(std::string_view media_type) const;
  /// Whether a work of this source and licence is wanted.
  bool takes(const std::optional<std::string>& source,
             const std::optional<std::string>& license) const;
};

/// An entry of the feed as the database has it.
struct ChangeEntry {
  FeedPosition at;
  std::string media_type;  ///< image, audio, or source
  std::string identifier;  ///< empty: of a source
  std::int64_t revision = 0;
  bool was_live = false;
  bool is_live = false;
  std::string status;
  std::optional<std::string> was_source;
  std::optional<std::string> was_license;
  std::optional<std::string> source;
  std::optional<std::string> license;
  std::string changed_at;  ///< RFC 3339
  bool is_source_hidden = false;
  /// JSON object of the work, where it is wanted; nothing: a later entry has what it is now.
  std::optional<std::string> work;
};

/// What an entry says to one who wants what `filter` takes, as a JSON object without an end of
/// line; nothing: it says nothing to them.
///
/// A work that is no longer wanted by them goes away, whatever else became of it.
std::optional<std::string> change_line(const ChangeEntry& entry, const ChangeFilter& filter);

/// The name of such a line's event: `visible`, `changed`, `gone`, `source_hidden`, `source_shown`.
std::string_view event_of(const ChangeEntry& entry, const ChangeFilter& filter);

/// Where the feed begins and ends at one moment.
struct FeedBounds {
  FeedPosition start;
  FeedPosition end;  ///< what was committed by then lies before it
  /// Of the last entry that may be read; the start where there is none.
  FeedPosition newest;
};

/// The change feed in Postgres. Shared by all threads.
class ChangeFeed {
 public:
  ChangeFeed() = default;
  ChangeFeed(const ChangeFeed&) = delete;
  ChangeFeed& operator=(const ChangeFeed&) = delete;
  virtual ~ChangeFeed() = default;

  virtual Task<Result<FeedBounds>> bounds(Deadline deadline) = 0;

  /// What `bounds` said half a second ago or later. One look serves all who wait for news, however
  /// many they are; while it fails, they hear what was known before.
  Task<Result<FeedBounds>> recent_bounds(Deadline deadline);

  /// The next entries behind a position, at most so many, whether or not the filter takes them: it
  /// says of which the work is read. Entries of transactions that are not older than the oldest
  /// one that still runs are not there yet, so that none can appear before a position later.
  virtual Task<Result<std::vector<ChangeEntry>>> read(FeedPosition after, ChangeFilter filter,
                                                      int most, Deadline deadline) = 0;

 private:
  std::mutex mutex_;
  std::optional<FeedBounds> recent_;
  std::optional<std::chrono::steady_clock::time_point> looked_at_;
  bool is_looking_ = false;
};

}  // namespace freshet::api
