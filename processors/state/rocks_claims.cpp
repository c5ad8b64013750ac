#include "processors/state/rocks_claims.hpp"

#include <rocksdb/slice_transform.h>

#include "processors/record/url_claim.hpp"
#include "processors/state/positions.hpp"

namespace freshet {
namespace {

// As long as a URL's hash at least, since every key must have that prefix; no work is named so.
constexpr std::string_view kPositionKey{
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0position", 25};
constexpr double kMemtableBloom = 0.1;

class RocksClaims final : public PartitionClaims {
 public:
  RocksClaims(RocksFamily family, std::int32_t number) : claims_{family, number} {}

  bool get(std::string_view key, std::string& value) override {
    rocksdb::PinnableSlice found;
    if (!claims_.get(key, found)) {
      return false;
    }
    value.assign(found.data(), found.size());
    return true;
  }

  void each(std::string_view url,
            const std::function<bool(std::string_view, std::string_view)>& visit) override {
    rocksdb::ReadOptions options;
    options.prefix_same_as_start = true;
    claims_.each({}, url, options, [&](std::string_view key, std::string_view value) {
      return key == kPositionKey || visit(key, value);
    });
  }

  ClaimsPosition position() override {
    std::string text;
    if (!get(kPositionKey, text)) {
      return {};
    }
    const auto at = decode_claims_position(text);
    if (!at) {
      clear();  // without a position the claims are worth nothing, and the topic has them all
    }
    return at.value_or(ClaimsPosition{});
  }

  void write(const std::vector<std::pair<std::string, std::optional<std::string>>>& changes,
             const ClaimsPosition& position) override {
    // One write: a new owner and the displaced one appear together.
    for (const auto& [key, value] : changes) {
      value ? claims_.put(key, *value) : claims_.remove(key);
    }
    claims_.put(kPositionKey, encode_position(position));
    claims_.send();
  }

  void flush() override { claims_.flush(); }

  void clear() override { claims_.clear(); }

 private:
  RocksRange claims_;
};

}  // namespace

// A claim on a URL that nobody has is the rule: filters answer that, in memory and on disk.
void set_claims_options(rocksdb::ColumnFamilyOptions& options) {
  options.prefix_extractor.reset(
      rocksdb::NewFixedPrefixTransform(RocksRange::kPrefixBytes + UrlHash{}.size()));
  options.memtable_prefix_bloom_size_ratio = kMemtableBloom;
  // Merged in runs of like size, which moves a claim less often; most runs are passed over by
  // filter.
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
}

std::unique_ptr<PartitionClaims> open_rocks_claims(RocksFamily family, std::int32_t number) {
  return std::make_unique<RocksClaims>(family, number);
}

}  // namespace freshet
