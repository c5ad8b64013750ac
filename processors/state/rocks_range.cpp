#include "processors/state/rocks_range.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "core/check.hpp"

namespace freshet {
namespace {

// What is copied on its way to RocksDB stays in the processor's cache. A commit in one piece grows
// a text of megabytes, whose fresh pages cost more than the insertion.
constexpr std::size_t kWriteChunkBytes = 256U << 10U;

// An empty text may have no address, which RocksDB hands to memcmp.
rocksdb::Slice slice(std::string_view text) {
  return text.empty() ? rocksdb::Slice{} : rocksdb::Slice{text.data(), text.size()};
}

void check(const rocksdb::Status& status, const char* what) {
  if (!status.ok()) {
    throw WorkFailed(std::string{"state: "} + what + ": " + status.ToString());
  }
}

// In the order of the numbers.
std::string prefix_of(std::int32_t partition) {
  FRESHET_CHECK(partition >= 0 && partition < 0xffff);
  return {static_cast<char>(partition >> 8), static_cast<char>(partition & 0xff)};
}

}  // namespace

RocksRange::RocksRange(RocksFamily family, std::int32_t partition)
    : family_{family}, begin_{prefix_of(partition)}, end_{prefix_of(partition + 1)} {}

bool RocksRange::get(std::string_view key, rocksdb::PinnableSlice& value) {
  key_.assign(begin_).append(key);
  const rocksdb::Status status =
      family_.db.Get(rocksdb::ReadOptions{}, &family_.handle, slice(key_), &value);
  if (status.IsNotFound()) {
    return false;
  }
  check(status, "read");
  return true;
}

void RocksRange::each(
    std::string_view from, std::string_view prefix, rocksdb::ReadOptions options,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) {
  const rocksdb::Slice bound = slice(end_);
  options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> it{family_.db.NewIterator(options, &family_.handle)};
  for (it->Seek(begin_ + std::string{std::max(from, prefix)}); it->Valid(); it->Next()) {
    const std::string_view key = it->key().ToStringView().substr(kPrefixBytes);
    if (!key.starts_with(prefix) || !visit(key, it->value().ToStringView())) {
      break;
    }
  }
  check(it->status(), "read");
}

void RocksRange::put(std::string_view key, std::string_view value) {
  const std::array<rocksdb::Slice, 2> whole{slice(begin_), slice(key)};
  const rocksdb::Slice bytes = slice(value);
  check(batch_.Put(&family_.handle, rocksdb::SliceParts{whole.data(), whole.size()},
                   rocksdb::SliceParts{&bytes, 1}),
        "write");
}

void RocksRange::remove(std::string_view key) {
  key_.assign(begin_).append(key);
  check(batch_.Delete(&family_.handle, slice(key_)), "write");
}

void RocksRange::send_when_large() {
  if (batch_.GetDataSize() >= kWriteChunkBytes) {
    send();
  }
}

void RocksRange::send() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  check(family_.db.Write(options, &batch_), "write");
  batch_.Clear();
}

void RocksRange::flush() {
  check(family_.db.Flush(rocksdb::FlushOptions{}, &family_.handle), "flush");
}

void RocksRange::clear() {
  bool is_empty = true;
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  each({}, {}, options, [&](std::string_view, std::string_view) { return is_empty = false; });
  if (is_empty) {
    return;
  }
  check(batch_.DeleteRange(&family_.handle, slice(begin_), slice(end_)), "partition emptied");
  send();
  flush();
}

}  // namespace freshet
