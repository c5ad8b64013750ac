#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace freshet {

/// A column family of an open database.
struct RocksFamily {
  rocksdb::DB& db;
  rocksdb::ColumnFamilyHandle& handle;
};

/// One partition's part of a family: the keys that begin with its number. All partitions share the
/// memtables and the levels of the family, so that files are as large with 64 partitions as with
/// one, and merging them costs the same.
///
/// @error WorkFailed where the database fails.
/// @thread_safety  One thread. Other ranges: any threads.
class RocksRange {
 public:
  /// Bytes that stand before each key.
  static constexpr std::size_t kPrefixBytes = 2;

  RocksRange(RocksFamily family, std::int32_t partition);

  /// False when there is no such key.
  bool get(std::string_view key, rocksdb::PinnableSlice& value);
  /// Visits the keys from `from` on that begin with `prefix`, until the visitor says false.
  void each(std::string_view from, std::string_view prefix, rocksdb::ReadOptions options,
            const std::function<bool(std::string_view key, std::string_view value)>& visit);

  /// Kept until it is sent.
  void put(std::string_view key, std::string_view value);
  void remove(std::string_view key);
  /// Writes what was put and removed since: after a crash all of it is there, or nothing.
  void send();
  /// The same where that is so much that it is cheaper in pieces: for what need not stay together.
  void send_when_large();
  /// Makes what was sent survive a crash, and with it what other ranges sent.
  void flush();
  /// Removes all keys.
  void clear();

 private:
  RocksFamily family_;
  std::string begin_;  ///< the prefix
  std::string end_;    ///< the next partition's
  std::string key_;    ///< kept for its memory
  rocksdb::WriteBatch batch_;
};

}  // namespace freshet
