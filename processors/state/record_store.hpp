#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet {

/// The records of one partition as last committed, by plain key.
class RecordStore {
 public:
  RecordStore() = default;
  RecordStore(const RecordStore&) = delete;
  RecordStore& operator=(const RecordStore&) = delete;
  virtual ~RecordStore() = default;
  /// Replaces `value`. False when there is no such record.
  virtual bool get(std::string_view key, std::string& value) = 0;
};

/// What a scan reads and remembers of a partition.
class ScanStore {
 public:
  ScanStore() = default;
  ScanStore(const ScanStore&) = delete;
  ScanStore& operator=(const ScanStore&) = delete;
  virtual ~ScanStore() = default;
  /// Visits the committed records whose keys begin with `prefix` and are not less than `from`, in
  /// the order of the keys, until there are no more or `visit` says false.
  virtual void each_from(
      std::string_view from, std::string_view prefix,
      const std::function<bool(std::string_view key, std::string_view json)>& visit) = 0;
  /// Small texts kept beside the records, and forgotten with them.
  virtual std::map<std::string, std::string> notes() = 0;
  virtual void write_notes(const std::vector<std::pair<std::string, std::string>>& notes) = 0;
};

}  // namespace freshet
