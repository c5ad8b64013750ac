#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace rocksdb {
class DB;
}  // namespace rocksdb

namespace freshet::bulk {

/// Values by key on disk, for what is asked for in any order: names, taxa, observers. Memory is
/// bounded to about 60 MiB while it is filled, and 40 MiB while it is read.
///
/// Nothing is journalled: what a process wrote that died is filled anew.
/// @thread_safety  One thread.
class LookupTable {
 public:
  /// @param folder  emptied first.
  static Result<std::unique_ptr<LookupTable>> make(const std::string& folder);
  /// One that was filled, to be read.
  static Result<std::unique_ptr<LookupTable>> open(const std::string& folder);
  ~LookupTable();
  LookupTable(const LookupTable&) = delete;
  LookupTable& operator=(const LookupTable&) = delete;

  Result<void> put(std::string_view key, std::string_view value);
  /// False: there is no such key.
  Result<bool> get(std::string_view key, std::string& value) const;
  /// Every key with a prefix and its value, in the order of the keys.
  Result<void> each(
      std::string_view prefix,
      const std::function<Result<void>(std::string_view key, std::string_view value)>& take) const;
  /// To be called when everything was put: it is on disk then.
  Result<void> flush();

 private:
  explicit LookupTable(std::unique_ptr<rocksdb::DB> db);
  std::unique_ptr<rocksdb::DB> db_;
};

/// A number as a key that sorts by it.
std::string number_key(char kind, std::uint64_t number);

}  // namespace freshet::bulk
