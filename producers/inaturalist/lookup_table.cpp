#include "producers/inaturalist/lookup_table.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <filesystem>

namespace freshet::bulk {
namespace {

rocksdb::Slice slice(std::string_view text) {
  return text.empty() ? rocksdb::Slice{} : rocksdb::Slice{text.data(), text.size()};
}

Error error_of(const rocksdb::Status& status) {
  return {Errc::unreachable, Retry::after_backoff, "the work directory: " + status.ToString()};
}

rocksdb::Options options_of() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(32UL << 20U);
  // In the cache, so that they are bounded, too.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 12UL << 20U;
  options.max_write_buffer_number = 2;
  options.target_file_size_base = 32UL << 20U;
  options.max_open_files = 128;
  options.compression = rocksdb::kNoCompression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.info_log_level = rocksdb::ERROR_LEVEL;
  options.keep_log_file_num = 1;
  return options;
}

}  // namespace

LookupTable::LookupTable(std::unique_ptr<rocksdb::DB> db) : db_{std::move(db)} {}
LookupTable::~LookupTable() = default;

Result<std::unique_ptr<LookupTable>> LookupTable::make(const std::string& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(options_of(), folder, &db);
  if (!status.ok()) {
    return error_of(status);
  }
  return std::unique_ptr<LookupTable>{new LookupTable{std::unique_ptr<rocksdb::DB>{db}}};
}

Result<std::unique_ptr<LookupTable>> LookupTable::open(const std::string& folder) {
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(options_of(), folder, &db);
  if (!status.ok()) {
    return error_of(status);
  }
  return std::unique_ptr<LookupTable>{new LookupTable{std::unique_ptr<rocksdb::DB>{db}}};
}

Result<void> LookupTable::put(std::string_view key, std::string_view value) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  const auto status = db_->Put(options, slice(key), slice(value));
  return status.ok() ? Result<void>{} : error_of(status);
}

Result<bool> LookupTable::get(std::string_view key, std::string& value) const {
  const auto status = db_->Get(rocksdb::ReadOptions{}, slice(key), &value);
  if (status.ok() || status.IsNotFound()) {
    return status.ok();
  }
  return error_of(status);
}

Result<void> LookupTable::each(
    std::string_view prefix,
    const std::function<Result<void>(std::string_view key, std::string_view value)>& take) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator(options)};
  for (it->Seek(slice(prefix)); it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
    if (auto taken = take(it->key().ToStringView(), it->value().ToStringView()); !taken) {
      return taken;
    }
  }
  return it->status().ok() ? Result<void>{} : error_of(it->status());
}

Result<void> LookupTable::flush() {
  const auto status = db_->Flush(rocksdb::FlushOptions{});
  return status.ok() ? Result<void>{} : error_of(status);
}

std::string number_key(char kind, std::uint64_t number) {
  std::string key{kind};
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>((number >> static_cast<unsigned>(shift)) & 0xFFU));
  }
  return key;
}

}  // namespace freshet::bulk
