#include "processors/state/state_store.hpp"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "core/check.hpp"
#include "core/log.hpp"
#include "processors/state/positions.hpp"
#include "processors/state/record_codec.hpp"
#include "processors/state/rocks_claims.hpp"
#include "processors/state/rocks_range.hpp"
#include "processors/state/table_file.hpp"

namespace freshet {
namespace {

namespace fs = std::filesystem;

// Written to a file of its own, so that a state of another form is known before it is opened.
constexpr std::string_view kVersion = "freshet state 4\n";
// Behind the partition. Keys of works begin with a media type; a zero byte sorts ours before them
// and meets none.
constexpr std::string_view kPositionsKey{"\0positions", 10};
constexpr std::string_view kTotalsPrefix{"\0totals:", 8};
constexpr std::string_view kNotePrefix{"\0note:", 6};

constexpr std::size_t kBlockCacheBytes = 16U << 20U;
// By default the cache is cut into pieces of half a megabyte, in which an index finds no room.
constexpr int kBlockCacheShardBits = 1;
constexpr double kShareOfIndexes = 0.5;
constexpr std::size_t kBlockBytes = 4U << 10U;
constexpr std::size_t kWriteBuffersBytes = 32U << 20U;
constexpr std::size_t kOneWriteBufferBytes = 16U << 20U;
constexpr double kMemtableFilterShare = 0.02;
constexpr int kFilesBeforeMerge = 6;
// Of keys and where their records are, 50 bytes each: a write buffer of records comes to a
// megabyte.
constexpr std::size_t kFirstLevelBytes = 16U << 20U;
constexpr std::size_t kFirstLevelFileBytes = 4U << 20U;
// Most sums, positions and notes are smaller, and stay with their keys.
constexpr std::uint64_t kLeastBlobBytes = 256;
constexpr std::uint64_t kBlobFileBytes = 64U << 20U;
// From this share of garbage on, merges move what they meet in so great a share of the oldest files
// into new ones.
struct Collection {
  double garbage;
  double oldest_files;
};
constexpr Collection kCollections[] = {{0.6, 1}, {0.35, 0.5}, {0.2, 0.25}};
// RocksDB asserts what holds for any share but 0.
constexpr double kHardlyAnyFile = 1e-6;
// It also begins merges where the oldest files have this share, and the tree holds on to few enough
// of them: with random keys, only to all.
constexpr double kMostGarbage = 0.3;
// As many as the process may have, but for its sockets; this many where it may have few.
constexpr rlim_t kLeastOpenFiles = 512;
constexpr rlim_t kMostOpenFiles = 65'536;

// Services are started with a soft limit of 1,024 for the sake of select(), and may raise it.
int open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return kLeastOpenFiles;
  }
  const rlim_t wanted = std::min(files.rlim_max, 2 * kMostOpenFiles);
  if (files.rlim_cur < wanted) {
    files.rlim_cur = wanted;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
    static_cast<void>(::getrlimit(RLIMIT_NOFILE, &files));
  }
  return static_cast<int>(std::clamp(files.rlim_cur / 2, kLeastOpenFiles, kMostOpenFiles));
}

rocksdb::DBOptions db_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // One flushes, one merges; a second merges too where files have gathered in level 0.
  options.max_background_jobs = 3;
  // A merge takes a second of a core at a time, which records on their way should not wait for.
  options.env->LowerThreadPoolCPUPriority(rocksdb::Env::Priority::LOW, rocksdb::CpuPriority::kLow);
  options.max_open_files = open_files();
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
  // So they are small (few restarts), in pieces of 4 KB, and kept before data. Blocks are small
  // too: of one that is read, a single key is wanted.
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
  // Most works that are asked for are on disk: without this each look searches the buffers first.
  options.memtable_prefix_bloom_size_ratio = kMemtableFilterShare;
  options.memtable_whole_key_filtering = true;
  options.level0_file_num_compaction_trigger = kFilesBeforeMerge;
  // Records come packed, see RecordCodec.
  options.compression = rocksdb::kNoCompression;
  return options;
}

// Records lie apart from their keys: merges move 50 bytes a work, not 900.
rocksdb::ColumnFamilyOptions records_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options = family_options(cache);
  options.level_compaction_dynamic_level_bytes = true;
  options.max_bytes_for_level_base = kFirstLevelBytes;
  options.target_file_size_base = kFirstLevelFileBytes;
  options.target_file_size_multiplier = 2;
  options.enable_blob_files = true;
  options.min_blob_size = kLeastBlobBytes;
  options.blob_file_size = kBlobFileBytes;
  options.enable_blob_garbage_collection = true;
  options.blob_garbage_collection_age_cutoff = kHardlyAnyFile;  // until `tend` finds garbage
  options.blob_garbage_collection_force_threshold = kMostGarbage;
  return options;
}

rocksdb::ColumnFamilyOptions claims_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options = family_options(cache);
  set_claims_options(options);
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

struct StateStore::Impl {
  fs::path directory;
  std::unique_ptr<DirectoryLock> lock;
  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(
      kBlockCacheBytes, kBlockCacheShardBits, /*strict_capacity_limit=*/false, kShareOfIndexes);
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;  // of `families` in `open`
  double collected_share = 0;                         // of the oldest files of records

  rocksdb::Status open();
  void set_aside(UtcTime now, std::string_view why);
  void close();
  RocksFamily records() const { return {*db, *handles[1]}; }
  RocksFamily claims() const { return {*db, *handles[2]}; }
};

namespace {

class RocksPartition final : public PartitionStore {
 public:
  RocksPartition(StateStore::Impl& state, std::int32_t number)
      : records_{state.records(), number},
        number_{number},
        table_file_{state.directory / ("p" + std::to_string(number) + ".table")} {}

  bool get(std::string_view key, std::string& value) override {
    rocksdb::PinnableSlice packed;
    if (!records_.get(key, packed)) {
      return false;
    }
    unpack(packed.ToStringView(), value);
    return true;
  }

  std::optional<ChangelogPositions> positions() override {
    rocksdb::PinnableSlice text;
    return records_.get(kPositionsKey, text) ? decode_positions(text.ToStringView()) : std::nullopt;
  }

  std::map<std::string, Totals> totals() override {
    std::map<std::string, Totals> found;
    records_.each({}, kTotalsPrefix, {}, [&](std::string_view key, std::string_view value) {
      if (auto sums = parse_totals(value)) {
        found.emplace(key.substr(kTotalsPrefix.size()), std::move(*sums));
      }
      return true;
    });
    return found;
  }

  void write(const std::vector<std::pair<std::string_view, std::string_view>>& records,
             RecordForm form, const std::vector<std::pair<std::string, std::string>>& totals,
             const ChangelogPositions& positions) override {
    for (const auto& [key, bytes] : records) {
      records_.put(key, form == RecordForm::json ? codec_.pack(bytes) : bytes);
      records_.send_when_large();
    }
    for (const auto& [name, sums] : totals) {
      records_.put(std::string{kTotalsPrefix} + name, sums);
    }
    records_.put(kPositionsKey, encode_positions(positions));
    records_.send();
  }

  void each_from(std::string_view from, std::string_view prefix,
                 const std::function<bool(std::string_view, std::string_view)>& visit) override {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    std::string json;
    records_.each(std::max(from, std::string_view{"\1"}), prefix, options,
                  [&](std::string_view key, std::string_view packed) {
                    unpack(packed, json);
                    return visit(key, json);
                  });
  }

  std::map<std::string, std::string> notes() override {
    std::map<std::string, std::string> found;
    records_.each({}, kNotePrefix, {}, [&](std::string_view key, std::string_view text) {
      found.emplace(key.substr(kNotePrefix.size()), text);
      return true;
    });
    return found;
  }

  void write_notes(const std::vector<std::pair<std::string, std::string>>& notes) override {
    for (const auto& [name, text] : notes) {
      records_.put(std::string{kNotePrefix} + name, text);
    }
    records_.send();
  }

  void flush() override { records_.flush(); }

  void save_table(const HotTable& table, const ChangelogPositions& positions) override {
    flush();
    save_table_file(table_file_, number_, table, positions);
  }

  std::optional<ChangelogPositions> load_table(HotTable& table) override {
    return load_table_file(table_file_, number_, table);
  }

  void clear() override {
    records_.clear();
    std::error_code ignored;
    fs::remove(table_file_, ignored);
  }

 private:
  static void unpack(std::string_view packed, std::string& json) {
    if (!RecordCodec::unpack(packed, json)) {
      json.assign(packed);  // no record for whoever reads it, and all that can be put aside
    }
  }

  RocksRange records_;
  std::int32_t number_;
  fs::path table_file_;
  RecordCodec codec_;
};

}  // namespace

rocksdb::Status StateStore::Impl::open() {
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{
      {rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions{}},
      {"records", records_options(cache)},
      {"claims", claims_options(cache)}};
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(db_options(), (directory / "db").string(), families, &handles, &opened);
  db.reset(opened);
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
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    static_cast<void>(db->DestroyColumnFamilyHandle(handle));
  }
  handles.clear();
  if (db) {
    static_cast<void>(db->Close());
    db.reset();
  }
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
  return open_rocks_claims(impl_->claims(), number);
}

const fs::path& StateStore::directory() const { return impl_->directory; }

double share_to_collect(const RecordFiles& files) noexcept {
  const auto bytes = static_cast<double>(std::max<std::uint64_t>(files.bytes, 1));
  const double garbage = static_cast<double>(files.garbage_bytes) / bytes;
  const auto* const found = std::ranges::find_if(
      kCollections, [&](double from) { return garbage >= from; }, &Collection::garbage);
  return found == std::end(kCollections) ? 0 : found->oldest_files;
}

RecordFiles StateStore::tend() {
  const RocksFamily records = impl_->records();
  RecordFiles files;
  const auto read = [&](const std::string& property, std::uint64_t& value) {
    FRESHET_CHECK(records.db.GetIntProperty(&records.handle, property, &value));
  };
  read(rocksdb::DB::Properties::kLiveBlobFileSize, files.bytes);
  read(rocksdb::DB::Properties::kLiveBlobFileGarbageSize, files.garbage_bytes);
  // Only a change is told: RocksDB writes a file of all options, and asks anew what to merge.
  if (const double share = share_to_collect(files); share != impl_->collected_share) {
    const rocksdb::Status status = records.db.SetOptions(
        &records.handle,
        {{"blob_garbage_collection_age_cutoff", std::to_string(std::max(share, kHardlyAnyFile))}});
    if (status.ok()) {
      impl_->collected_share = share;
    } else {
      log::warn("state_not_tended", {{"text", status.ToString()}});
    }
  }
  return files;
}

}  // namespace freshet
