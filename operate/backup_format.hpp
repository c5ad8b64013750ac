#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/kafka/types.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

inline constexpr int kBackupFormat = 1;

/// A record of a topic as a backup has it, one JSON object a line:
/// `{"topic","partition","offset","time","key","value","headers":[[name,value],…]}`. Bytes that are
/// no UTF-8 stand under `key64`, `value64` or `[name,null,base64]`; no key and a tombstone are
/// null.
struct BackupRecord {
  std::string topic;  ///< without prefix
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  UtcTime time;
  std::optional<std::string> key;
  std::optional<std::string> value;
  kafka::Headers headers;
};
std::string encode_backup_record(const BackupRecord& record);
/// @error Errc::malformed_payload: which member is at fault.
Result<BackupRecord> parse_backup_record(std::string_view line);

/// One file of a backup: consecutive records of one partition.
struct BackupFile {
  std::string name;  ///< below the folder
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;  ///< where the next file goes on
  std::int64_t records = 0;
  std::int64_t bytes = 0;
  std::string sha256;  ///< of the file; 64 hex digits
};
struct BackupTopic {
  std::string name;  ///< without prefix
  std::int32_t partitions = 0;
  std::vector<BackupFile> files;

  std::int64_t records() const;
  std::int64_t next_offset(std::int32_t partition) const;
};
/// What a backup has, `manifest.json` in its folder.
struct BackupManifest {
  UtcTime began_at;
  std::optional<UtcTime> finished_at;  ///< nothing: it was cut short
  std::vector<BackupTopic> topics;

  BackupTopic* find(std::string_view topic);
  std::int64_t records() const;
};
std::string encode_manifest(const BackupManifest& manifest);
Result<BackupManifest> parse_manifest(std::string_view text);

/// The topics that are the truth, in the order in which they are read: claims and decisions are
/// then at least as new as the works that they are about.
std::vector<std::string_view> backup_topics();

/// Where a record goes in a cluster with another number of partitions.
/// @param partitions  of the topic there
std::int32_t restored_partition(std::string_view topic, std::string_view key,
                                std::int32_t partitions);

}  // namespace freshet
