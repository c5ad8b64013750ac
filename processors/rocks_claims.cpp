#include "processors/rocks_claims.hpp"

#include <rocksdb/slice_transform.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <charconv>

#include "core/check.hpp"

namespace freshet {
namespace {

constexpr std::string_view kFamilyPrefix = "claims-";
// As long as a URL's hash at least, since every key must have that prefix; no work is named so.
constexpr std::string_view kPositionKey{
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0position", 25};
constexpr double kMemtableBloom = 0.1;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

void check(const rocksdb::Status& status, const char* what) {
  if (!status.ok()) {
    throw WorkFailed(std::string{"state of claims: "} + what + ": " + status.ToString());
  }
}

class RocksClaims final : public PartitionClaims {
 public:
  RocksClaims(RocksFamilies& families, std::int32_t number)
      : families_{families},
        name_{std::string{kFamilyPrefix} + std::to_string(number)},
        family_{families.family(name_)} {}

  bool get(std::string_view key, std::string& value) override {
    const rocksdb::Status status =
        families_.database().Get(rocksdb::ReadOptions{}, family_, slice(key), &value);
    if (status.IsNotFound()) {
      return false;
    }
    check(status, "read");
    return true;
  }

  void each(std::string_view url,
            const std::function<bool(std::string_view, std::string_view)>& visit) override {
    rocksdb::ReadOptions options;
    options.prefix_same_as_start = true;
    const std::unique_ptr<rocksdb::Iterator> it{families_.database().NewIterator(options, family_)};
    for (it->Seek(slice(url)); it->Valid() && it->key().starts_with(slice(url)); it->Next()) {
      if (view(it->key()) != kPositionKey && !visit(view(it->key()), view(it->value()))) {
        return;
      }
    }
    check(it->status(), "read");
  }

  ClaimsPosition position() override {
    std::string text;
    ClaimsPosition at;
    if (get(kPositionKey, text)) {
      const char* const end = text.data() + text.size();
      const auto read = std::from_chars(text.data(), end, at.next);
      std::from_chars(std::min(read.ptr + 1, end), end, at.tell_all_below);
    }
    return at;
  }

  void write(const std::vector<std::pair<std::string, std::optional<std::string>>>& changes,
             const ClaimsPosition& position) override {
    for (const auto& [key, value] : changes) {
      check(value ? batch_.Put(family_, slice(key), slice(*value))
                  : batch_.Delete(family_, slice(key)),
            "write");
    }
    check(batch_.Put(family_, slice(kPositionKey),
                     std::to_string(position.next) + " " + std::to_string(position.tell_all_below)),
          "write");
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    check(families_.database().Write(options, &batch_), "write");
    batch_.Clear();
  }

  void flush() override {
    check(families_.database().Flush(rocksdb::FlushOptions{}, family_), "flush");
  }

  void clear() override { family_ = families_.renew(name_); }

 private:
  RocksFamilies& families_;
  const std::string name_;
  rocksdb::ColumnFamilyHandle* family_;
  rocksdb::WriteBatch batch_;
};

}  // namespace

bool is_claims_family(const std::string& name) { return name.starts_with(kFamilyPrefix); }

// A claim on a URL that nobody has is the rule: filters answer that, in memory and on disk.
void set_claims_options(rocksdb::ColumnFamilyOptions& options) {
  options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(UrlHash{}.size()));
  options.memtable_prefix_bloom_size_ratio = kMemtableBloom;
  options.memtable_whole_key_filtering = true;
}

std::unique_ptr<PartitionClaims> open_rocks_claims(RocksFamilies& families, std::int32_t number) {
  return std::make_unique<RocksClaims>(families, number);
}

}  // namespace freshet
