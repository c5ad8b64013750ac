#include "sinks/only_media.hpp"

#include <utility>

namespace freshet {
namespace {

/// Gives rejections of a part of a batch their places in the whole.
class InWhole final : public PutAside {
 public:
  InWhole(PutAside& outer, const SinkBatch& whole, const std::vector<std::size_t>& places)
      : outer_{outer}, whole_{whole}, places_{places} {}

  Result<void> put(const SinkBatch&, std::span<const Rejected> rejected) override {
    std::vector<Rejected> moved{rejected.begin(), rejected.end()};
    for (Rejected& one : moved) {
      one.index = places_[one.index];
    }
    return outer_.put(whole_, moved);
  }

 private:
  PutAside& outer_;
  const SinkBatch& whole_;
  const std::vector<std::size_t>& places_;
};

class OnlyMedia final : public Sink {
 public:
  OnlyMedia(std::unique_ptr<Sink> inner, MediaType media_type)
      : inner_{std::move(inner)}, begin_{std::string{to_string(media_type)} + ":"} {}

  Result<WriteReport> write(const SinkBatch& batch, PutAside& aside) override {
    std::vector<SinkRecord> records;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      if (batch.records[i].key.starts_with(begin_)) {
        records.push_back(batch.records[i]);
        places.push_back(i);
      }
    }
    InWhole in_whole{aside, batch, places};
    auto report = inner_->write({records, batch.progress}, in_whole);
    if (report) {
      report->stale += batch.records.size() - records.size();
      for (Rejected& one : report->rejected) {
        one.index = places[one.index];
      }
    }
    return report;
  }

  Result<std::map<kafka::Partition, kafka::Offset>> start_offsets(
      std::span<const kafka::Partition> partitions) override {
    return inner_->start_offsets(partitions);
  }
  /// The inner sink would ask for a place for the other media type as well.
  Result<void> check() override { return {}; }

 private:
  std::unique_ptr<Sink> inner_;
  const std::string begin_;
};

}  // namespace

std::unique_ptr<Sink> make_only_media(std::unique_ptr<Sink> inner, MediaType media_type) {
  return std::make_unique<OnlyMedia>(std::move(inner), media_type);
}

}  // namespace freshet
