#include "operate/sums_read.hpp"

#include <map>

#include "core/log.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"
#include "operate/lag.hpp"
#include "operate/policy.hpp"

namespace freshet {
namespace {

/// The newest value of each key of media.totals.v1, kept from round to round: with --watch only
/// what is new is read.
class TotalsReader {
 public:
  TotalsReader(const Config::Kafka& config)
      : consumer_{config, reader_options()}, topic_{config.prefixed(topics::kTotals)} {}

  Sums read(const std::stop_token& stop) {
    if (next_.empty()) {
      for (const kafka::TopicPartition& at : partitions_of(consumer_, topic_)) {
        next_.push_back({at, kafka::Consumer::kBeginning});
      }
    }
    read_to_end(consumer_, next_, stop, [&](const kafka::Message& message) {
      take(message);
      return true;
    });
    for (const auto& [at, position] : require(consumer_.positions())) {
      for (auto& one : next_) {
        if (one.at == at && position) {
          one.offset = *position;
        }
      }
    }
    Sums sums;
    for (const auto& [key, value] : newest_) {
      sums.add(value.first, value.second);
    }
    return sums;
  }

 private:
  void take(const kafka::Message& message) {
    if (!message.key() || !message.value()) {
      return;
    }
    const auto key = parse_totals_key(*message.key());
    auto totals = parse_totals(*message.value());
    if (!key || !totals) {
      log::warn("totals_not_understood",
                {{"partition", message.partition().value}, {"offset", message.offset().value}});
      return;
    }
    newest_[std::string{*message.key()}] = {*key, std::move(*totals)};
  }

  kafka::Consumer consumer_;
  std::string topic_;
  std::vector<kafka::TopicPartitionOffset> next_;
  std::map<std::string, std::pair<TotalsKey, Totals>> newest_;
};

/// @return one for each topic of a role, added over partitions.
std::vector<ReaderSums> read_readers(const Config::Kafka& config, kafka::Admin& admin,
                                     kafka::Consumer& consumer) {
  std::vector<ReaderSums> readers;
  for (const Role& role : roles_with_groups()) {
    for (const PartitionLag& one : read_positions(role, config, admin, consumer)) {
      if (readers.empty() || readers.back().group != role.name ||
          readers.back().topic != one.at.topic) {
        readers.push_back({std::string{role.name}, one.at.topic});
      }
      readers.back().done += one.next.value;
      readers.back().end += one.end.value;
    }
  }
  return readers;
}

void count_stores(const std::vector<StoreCounter>& counters, Refresh refresh, Sums& sums) {
  for (const StoreCounter& store : counters) {
    StoreSums& one = sums.stores.emplace_back();
    one.name = find_role(store.role)->what();
    one.title = store.title;
    if (auto counted = store.count(refresh)) {
      one.live = std::move(*counted);
    } else {
      sums.notes.push_back(counted.error().message());
    }
  }
}

}  // namespace

struct SumsReader::Impl {
  Impl(const Context& of, std::chrono::seconds count_limit)
      : context{of},
        admin{of.config.kafka},
        totals{of.config.kafka},
        counters{store_counters(of, count_limit)},
        consumer{of.config.kafka, reader_options()} {}

  const Context& context;
  kafka::Admin admin;
  TotalsReader totals;
  const std::vector<StoreCounter> counters;
  kafka::Consumer consumer;
};

SumsReader::SumsReader(const Context& context, std::chrono::seconds count_limit)
    : impl_{std::make_unique<Impl>(context, count_limit)} {}

SumsReader::~SumsReader() = default;

Sums SumsReader::read(Refresh refresh) {
  Sums sums = impl_->totals.read(impl_->context.stop);
  count_stores(impl_->counters, refresh, sums);
  try {
    sums.readers = read_readers(impl_->context.config.kafka, impl_->admin, impl_->consumer);
  } catch (const std::exception& error) {
    sums.notes.push_back(std::string{"readers: "} + error.what());
  }
  try {
    sums.removals_held = held_removals(read_policy(impl_->context));
  } catch (const std::exception& error) {
    sums.notes.push_back(std::string{"policy: "} + error.what());
  }
  return sums;
}

}  // namespace freshet
