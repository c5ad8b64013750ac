#include "processors/state_store.hpp"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <mutex>

#include "core/check.hpp"
#include "core/log.hpp"
#include "processors/record_codec.hpp"
#include "processors/rocks_claims.hpp"
#include "processors/table_file.hpp"

namespace freshet {
namespace {

namespace fs = std::filesystem;

// Written to a file of its own, so that a state of another form is known before it is opened.
constexpr std::string_view kVersion = "freshet state 3\n";
// Keys of works begin with a media type; a zero byte sorts ours before them and meets none.
constexpr std::string_view kPositionsKey{"\0positions", 10};
constexpr std::string_view kTotalsPrefix{"\0totals:", 8};
constexpr std::string_view kNotePrefix{"\0note:", 6};

constexpr std::size_t kBlockCacheBytes = 16U << 20U;
// By default the cache is cut into pieces of half a megabyte, in which an index finds no room.
constexpr int kBlockCacheShardBits = 1;
constexpr double kShareOfIndexes = 0.5;
constexpr std::size_t kBlockBytes = 16U << 10U;
constexpr std::size_t kWriteBuffersBytes = 24U << 20U;
constexpr std::size_t kOneWriteBufferBytes = 4U << 20U;
// What is copied on its way to RocksDB stays in the processor's cache. A commit in one piece grows
// a text of megabytes, whose fresh pages cost more than the insertion.
constexpr std::size_t kWriteChunkBytes = 256U << 10U;

// An empty text may have no address, which RocksDB hands to memcmp.
rocksdb::Slice slice(std::string_view text) {
  return text.empty() ? rocksdb::Slice{} : rocksdb::Slice{text.data(), text.size()};
}
std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

void check(const rocksdb::Status& status, const char* what) {
  if (!status.ok()) {
    throw WorkFailed(std::string{"state: "} + what + ": " + status.ToString());
  }
}

std::string family_name(std::int32_t partition) { return "p" + std::to_string(partition); }

std::string encode(const ChangelogPositions& at) {
  return std::to_string(at.catalog) + " " + std::to_string(at.seen) + " " +
         std::to_string(at.totals) + " " + std::to_string(at.written_ms);
}

std::optional<ChangelogPositions> decode(std::string_view text) {
  ChangelogPositions at;
  const char* next = text.data();
  const char* const end = text.data() + text.size();
  for (std::int64_t* field : {&at.catalog, &at.seen, &at.totals, &at.written_ms}) {
    const auto read = std::from_chars(next, end, *field);
    if (read.ec != std::errc{}) {
      return std::nullopt;
    }
    next = read.ptr == end ? end : read.ptr + 1;
  }
  return at;
}

rocksdb::DBOptions db_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.avoid_unnecessary_blocking_io = true;
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(kWriteBuffersBytes);
  return options;
}

rocksdb::ColumnFamilyOptions family_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // An index of a file read for each look at a record costs more than all the rest: with 500,000
  // works and indexes in one piece a re-crawl took 52 us of processor time per sighting, not 13.
  // So they are small (large blocks, few restarts), in pieces of 4 KB, and kept before data.
  table.block_size = kBlockBytes;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.index_block_restart_interval = 16;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = kOneWriteBufferBytes;
  options.max_write_buffer_number = 3;
  options.level_compaction_dynamic_level_bytes = true;
  // Records come packed, see RecordCodec.
  options.compression = rocksdb::kNoCompression;
  return options;
}

rocksdb::ColumnFamilyOptions options_of(const std::string& name,
                                        const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options = family_options(cache);
  if (is_claims_family(name)) {
    set_claims_options(options);
  }
  return options;
}

// Held as long as the process has the state open.
class DirectoryLock {
 public:
  explicit DirectoryLock(const fs::path& file)
      : descriptor_{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)} {
    if (descriptor_ < 0) {
      throw StartupError("state: cannot open " + file.string());
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor_);
      throw StartupError("state: " + file.parent_path().string() +
                         " is in use by another process: give this one another process.instance");
    }
  }
  ~DirectoryLock() { ::close(descriptor_); }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace

struct StateStore::Impl : RocksFamilies {
  fs::path directory;
  std::unique_ptr<DirectoryLock> lock;
  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(
      kBlockCacheBytes, kBlockCacheShardBits, /*strict_capacity_limit=*/false, kShareOfIndexes);
  std::unique_ptr<rocksdb::DB> db;
  std::mutex mutex;  // of `families`
  std::map<std::string, rocksdb::ColumnFamilyHandle*> families;

  rocksdb::Status open();
  void set_aside(UtcTime now, std::string_view why);
  void close();
  rocksdb::DB& database() override { return *db; }
  rocksdb::ColumnFamilyHandle* family(const std::string& name) override;
  rocksdb::ColumnFamilyHandle* renew(const std::string& name) override;
};

namespace {

class RocksPartition final : public PartitionStore {
 public:
  RocksPartition(StateStore::Impl& state, std::int32_t number)
      : state_{state},
        number_{number},
        name_{family_name(number)},
        family_{state.family(name_)},
        table_file_{state.directory / (name_ + ".table")} {}

  bool get(std::string_view key, std::string& value) override {
    rocksdb::PinnableSlice packed;
    if (!find(key, packed)) {
      return false;
    }
    unpack(packed, value);
    return true;
  }

  std::optional<ChangelogPositions> positions() override {
    rocksdb::PinnableSlice text;
    return find(kPositionsKey, text) ? decode(view(text)) : std::nullopt;
  }

  std::map<std::string, Totals> totals() override {
    std::map<std::string, Totals> found;
    const std::unique_ptr<rocksdb::Iterator> it{
        state_.db->NewIterator(rocksdb::ReadOptions{}, family_)};
    for (it->Seek(slice(kTotalsPrefix)); it->Valid() && it->key().starts_with(slice(kTotalsPrefix));
         it->Next()) {
      if (auto sums = parse_totals(view(it->value()))) {
        found.emplace(view(it->key()).substr(kTotalsPrefix.size()), std::move(*sums));
      }
    }
    check(it->status(), "read");
    return found;
  }

  void write(const std::vector<std::pair<std::string_view, std::string_view>>& records,
             RecordForm form, const std::vector<std::pair<std::string, std::string>>& totals,
             const ChangelogPositions& positions) override {
    for (const auto& [key, bytes] : records) {
      const std::string_view packed = form == RecordForm::json ? codec_.pack(bytes) : bytes;
      check(batch_.Put(family_, slice(key), slice(packed)), "write");
      if (batch_.GetDataSize() >= kWriteChunkBytes) {
        send_chunk();
      }
    }
    for (const auto& [name, sums] : totals) {
      check(batch_.Put(family_, std::string{kTotalsPrefix} + name, sums), "write");
    }
    check(batch_.Put(family_, slice(kPositionsKey), encode(positions)), "write");
    send_chunk();
  }

  void each_from(std::string_view from, std::string_view prefix,
                 const std::function<bool(std::string_view, std::string_view)>& visit) override {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> it{state_.db->NewIterator(options, family_)};
    const std::string_view start = std::max({from, prefix, std::string_view{"\1"}});
    std::string json;
    for (it->Seek(slice(start)); it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
      unpack(it->value(), json);
      if (!visit(view(it->key()), json)) {
        break;
      }
    }
    check(it->status(), "read");
  }

  std::map<std::string, std::string> notes() override {
    std::map<std::string, std::string> found;
    const std::unique_ptr<rocksdb::Iterator> it{
        state_.db->NewIterator(rocksdb::ReadOptions{}, family_)};
    for (it->Seek(slice(kNotePrefix)); it->Valid() && it->key().starts_with(slice(kNotePrefix));
         it->Next()) {
      found.emplace(view(it->key()).substr(kNotePrefix.size()), view(it->value()));
    }
    check(it->status(), "read");
    return found;
  }

  void write_notes(const std::vector<std::pair<std::string, std::string>>& notes) override {
    for (const auto& [name, text] : notes) {
      check(batch_.Put(family_, std::string{kNotePrefix} + name, text), "write");
    }
    send_chunk();
  }

  void flush() override { check(state_.db->Flush(rocksdb::FlushOptions{}, family_), "flush"); }

  void save_table(const HotTable& table, const ChangelogPositions& positions) override {
    flush();
    save_table_file(table_file_, number_, table, positions);
  }

  std::optional<ChangelogPositions> load_table(HotTable& table) override {
    return load_table_file(table_file_, number_, table);
  }

  void clear() override {
    family_ = state_.renew(name_);
    std::error_code ignored;
    fs::remove(table_file_, ignored);
  }

 private:
  bool find(std::string_view key, rocksdb::PinnableSlice& value) {
    const rocksdb::Status status =
        state_.db->Get(rocksdb::ReadOptions{}, family_, slice(key), &value);
    if (status.IsNotFound()) {
      return false;
    }
    check(status, "read");
    return true;
  }

  static void unpack(const rocksdb::Slice& packed, std::string& json) {
    if (!RecordCodec::unpack(view(packed), json)) {
      throw WorkFailed("state: read: a record that was not written by this version");
    }
  }

  void send_chunk() {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    check(state_.db->Write(options, &batch_), "write");
    batch_.Clear();
  }

  StateStore::Impl& state_;
  std::int32_t number_;
  std::string name_;
  rocksdb::ColumnFamilyHandle* family_;
  fs::path table_file_;
  rocksdb::WriteBatch batch_{kWriteChunkBytes + (kWriteChunkBytes >> 2U)};  // kept for its memory
  RecordCodec codec_;
};

}  // namespace

rocksdb::Status StateStore::Impl::open() {
  const std::string path = (directory / "db").string();
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(db_options(), path, &names).ok()) {
    names = {rocksdb::kDefaultColumnFamilyName};
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) {
    descriptors.emplace_back(name, options_of(name, cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(db_options(), path, descriptors, &handles, &opened);
  if (status.ok()) {
    db.reset(opened);
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      families.emplace(handle->GetName(), handle);
    }
  }
  return status;
}

void StateStore::Impl::set_aside(UtcTime now, std::string_view why) {
  const fs::path aside = directory.string() + ".aside-" + std::to_string(now.millis());
  std::error_code error;
  fs::rename(directory, aside, error);
  if (error) {
    throw StartupError("state: cannot set " + directory.string() + " aside: " + error.message());
  }
  log::warn("state_set_aside",
            {{"why", why}, {"from", directory.string()}, {"to", aside.string()}});
}

void StateStore::Impl::close() {
  for (const auto& [name, handle] : families) {
    static_cast<void>(db->DestroyColumnFamilyHandle(handle));
  }
  families.clear();
  if (db) {
    static_cast<void>(db->Close());
    db.reset();
  }
}

rocksdb::ColumnFamilyHandle* StateStore::Impl::family(const std::string& name) {
  const std::lock_guard guard{mutex};
  rocksdb::ColumnFamilyHandle*& handle = families[name];
  if (handle == nullptr) {
    check(db->CreateColumnFamily(options_of(name, cache), name, &handle), "new partition");
  }
  return handle;
}

rocksdb::ColumnFamilyHandle* StateStore::Impl::renew(const std::string& name) {
  {
    const std::lock_guard guard{mutex};
    const auto found = families.find(name);
    if (found != families.end()) {
      check(db->DropColumnFamily(found->second), "partition dropped");
      static_cast<void>(db->DestroyColumnFamilyHandle(found->second));
      families.erase(found);
    }
  }
  return family(name);
}

StateStore::StateStore(const fs::path& directory, UtcTime now) : impl_{std::make_unique<Impl>()} {
  impl_->directory = directory;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    throw StartupError("state: cannot create " + directory.string() + ": " + error.message());
  }
  // Beside the directory, so that the lock stays held while the directory is set aside.
  impl_->lock = std::make_unique<DirectoryLock>(directory.string() + ".lock");
  const fs::path version_file = directory / "VERSION";
  std::string version;
  if (std::ifstream in{version_file}; in) {
    version.assign(std::istreambuf_iterator<char>{in}, {});
  }
  if (version != kVersion && !fs::is_empty(directory)) {
    impl_->set_aside(now, "another version");
  }
  const auto begin = [&] {
    fs::create_directories(directory);
    std::ofstream{version_file} << kVersion;
    return impl_->open();
  };
  rocksdb::Status status = begin();
  if (!status.ok()) {
    impl_->set_aside(now, status.ToString());
    status = begin();
  }
  if (!status.ok()) {
    throw StartupError("state: " + status.ToString());
  }
}

StateStore::~StateStore() { impl_->close(); }

std::unique_ptr<PartitionStore> StateStore::partition(std::int32_t number) {
  return std::make_unique<RocksPartition>(*impl_, number);
}

std::unique_ptr<PartitionClaims> StateStore::claims(std::int32_t number) {
  return open_rocks_claims(*impl_, number);
}

const fs::path& StateStore::directory() const { return impl_->directory; }

}  // namespace freshet
