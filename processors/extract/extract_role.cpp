#include "processors/extract/extract_role.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "core/check.hpp"
#include "core/crawl/archive_client.hpp"
#include "core/hash.hpp"
#include "core/kafka/admin.hpp"
#include "core/kafka/consumer.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/kafka/newest.hpp"
#include "core/kafka/producer.hpp"
#include "core/log.hpp"
#include "core/roles.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"
#include "processors/extract/page_batch.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr const Role& kRole = role("process.extract");
constexpr auto kBrokerTimeout = 30s;
constexpr auto kPollTime = 200ms;
constexpr std::size_t kBatch = 64;
constexpr auto kReopenAfter = 2s;
constexpr auto kArchiveRetry = 5s;
/// While a batch waits for the archive, the group must hear of the member.
constexpr auto kMostWait = 120s;

kafka::Headers schema(std::string_view name) {
  return {{std::string{schema_header::kName}, std::string{name}}};
}

/// What is open is lost, and is to be opened again: from the offsets that were committed.
struct Reopen {
  std::string why;
};

class ExtractLoop {
 public:
  ExtractLoop(const ExtractRun& run, const Context& context)
      : run_{run},
        context_{context},
        config_{context.config.kafka},
        group_{config_.prefixed(kRole.name)},
        member_{group_ + "." + context.config.process.instance},
        pages_topic_{config_.prefixed(topics::kPages)},
        raw_topic_{config_.prefixed(topics::kRaw)},
        totals_topic_{config_.prefixed(topics::kTotals)},
        // Sums of several processes are told apart by a number of each.
        sums_number_{static_cast<std::int32_t>(1 + xxh3(member_) % 0x3FFFFFFF)},
        batch_{make_sources()} {}

  int run() {
    kafka::Admin admin{config_};
    if (const auto reached = admin.reachable(10s); !reached) {
      throw StartupError{reached.error().message()};
    }
    MetricsServer server{context_.metrics, context_.config.metrics.listen};
    log::info("metrics_served", {{"address", server.address()}});
    server.add_component(std::string{kRole.name}, [this] { return unready(); });
    if (!await_topics()) {
      return ExitCode::done;
    }
    while (!context_.stop.stop_requested()) {
      try {
        open();
        const int code = work();
        close();
        return code;
      } catch (const Reopen& lost) {
        log::warn("extract_reopens", {{"why", lost.why}});
        set_reason(lost.why);
        close();
        wait_for_stop(context_.stop, kReopenAfter);
      }
    }
    return ExitCode::done;
  }

 private:
  std::vector<std::unique_ptr<RecordSource>> make_sources() const {
    std::vector<std::unique_ptr<RecordSource>> sources;
    for (int i = 0; i < std::max(run_.fetches, 1); ++i) {
      sources.push_back(std::make_unique<ArchiveRecords>(
          run_.base, make_archive_client(context_.config, context_.stop)));
    }
    return sources;
  }

  // -- open and close

  bool await_topics() {
    kafka::Consumer reader{config_, {}};
    for (const std::string& topic :
         {pages_topic_, raw_topic_, totals_topic_, config_.prefixed(topics::kDeadLetter)}) {
      for (;;) {
        const auto count = reader.partition_count(topic, kBrokerTimeout);
        if (count) {
          break;
        }
        set_reason(count.error().message());
        log::warn("topic_awaited", {{"topic", topic}, {"text", count.error().message()}});
        if (wait_for_stop(context_.stop, 1s)) {
          return false;
        }
      }
    }
    return true;
  }

  void open() {
    kafka::ProducerOptions producing;
    producing.transactional_id = member_;
    producer_ = std::make_unique<kafka::Producer>(config_, producing);
    if (const auto ready = producer_->init_transactions(kBrokerTimeout); !ready) {
      throw Reopen{ready.error().message()};
    }
    // Only now does nobody else write them.
    known_.clear();
    if (const auto learned = learn_totals(); !learned) {
      throw Reopen{learned.error().message()};
    }
    kafka::ConsumerOptions consuming;
    consuming.group = group_;
    consuming.group_instance_id = member_;
    consuming.partition_end_events = true;
    consuming.queued_max_kbytes = 8'192;
    consumer_ = std::make_unique<kafka::Consumer>(config_, consuming);
    assigned_.clear();
    at_end_.clear();
    set_reason("no partitions assigned yet");
    consumer_->subscribe({pages_topic_},
                         {[this](const auto& given) { on_assigned(given); },
                          [this](const auto& /*taken*/, bool /*lost*/) { on_revoked(); }});
  }

  void close() {
    if (consumer_) {
      consumer_->close();
    }
    consumer_.reset();
    producer_.reset();
  }

  void on_assigned(const std::vector<kafka::TopicPartition>& given) {
    std::vector<kafka::TopicPartitionOffset> offsets;
    assigned_.clear();
    at_end_.clear();
    for (const kafka::TopicPartition& one : given) {
      offsets.push_back({one, kafka::Consumer::kStored});
      assigned_.insert(one.partition.value);
    }
    if (const auto done = consumer_->assign(offsets); !done) {
      set_reason(done.error().message());
      return;
    }
    log::info("partitions_assigned", {{"role", kRole.name}, {"partitions", assigned_.size()}});
    set_reason("");
  }

  // Called from within poll, between two batches: nothing is under way.
  void on_revoked() {
    assigned_.clear();
    at_end_.clear();
    set_reason("partitions are being handed over");
    static_cast<void>(consumer_->unassign());
  }

  // -- sums

  std::string totals_key(const std::string& provider) const {
    return encode_totals_key({std::string{totals_kind::kExtract}, provider, sums_number_});
  }

  Result<void> learn_totals() {
    const auto values = read_newest(config_, totals_topic_, kafka::Partition{0}, {});
    if (!values) {
      return values.error();
    }
    for (const auto& [key, value] : *values) {
      const auto name = parse_totals_key(key);
      const auto totals = name ? parse_totals(value) : Result<Totals>{name.error()};
      if (totals && name->kind == totals_kind::kExtract && name->partition == sums_number_) {
        known_[name->provider] = *totals;
      }
    }
    return {};
  }

  // -- the work

  int work() {
    auto busy_at = Steady::now();
    while (!context_.stop.stop_requested()) {
      auto polled = consumer_->poll(kPollTime, kBatch);
      if (!polled) {
        if (polled.error().retry() == Retry::never) {
          if (polled.error().errc() == Errc::fenced) {
            throw WorkFailed{"another process works under the name " + member_};
          }
          throw Reopen{polled.error().message()};
        }
        continue;
      }
      for (const kafka::TopicPartition& end : polled->ends) {
        at_end_.insert(end.partition.value);
      }
      if (!polled->messages.empty()) {
        take(polled->messages);
        for (const kafka::Message& message : polled->messages) {
          at_end_.erase(message.partition().value);
        }
        for (const kafka::TopicPartition& end : polled->ends) {
          at_end_.insert(end.partition.value);
        }
        busy_at = Steady::now();
      }
      if (run_.until_idle && !assigned_.empty() && at_end_ == assigned_ &&
          Steady::now() - busy_at >= *run_.until_idle) {
        return ExitCode::done;
      }
    }
    return ExitCode::done;
  }

  // All of a batch, or nothing and Reopen.
  void take(const std::vector<kafka::Message>& messages) {
    std::vector<std::optional<PageResult>> results(messages.size());
    const auto give_up_at = Steady::now() + kMostWait;
    for (;;) {
      std::vector<std::size_t> left;
      std::vector<std::string_view> values;
      for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!results[i]) {
          left.push_back(i);
          values.push_back(messages[i].value().value_or(""));
        }
      }
      auto made = batch_.extract(values);
      bool is_whole = true;
      for (std::size_t i = 0; i < left.size(); ++i) {
        is_whole = is_whole && made[i].has_value();
        results[left[i]] = std::move(made[i]);
      }
      if (is_whole) {
        break;
      }
      set_reason("the archive does not answer: " + batch_.why_not());
      log::warn("archive_away", {{"why", batch_.why_not()}});
      if (wait_for_stop(context_.stop, kArchiveRetry) || Steady::now() > give_up_at) {
        throw Reopen{"the archive does not answer: " + batch_.why_not()};
      }
    }
    set_reason("");
    send(messages, results);
  }

  void send(const std::vector<kafka::Message>& messages,
            const std::vector<std::optional<PageResult>>& results) {
    expect(producer_->begin_transaction());
    std::map<std::string, Totals> sums;
    std::map<std::int32_t, std::int64_t> next;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const PageResult& result = *results[i];
      for (const ExtractedSighting& sighting : result.sightings) {
        produce(raw_topic_, std::nullopt, sighting.key, sighting.value, raw_headers_);
      }
      if (result.rejected) {
        put_aside(messages[i], *result.rejected);
      }
      sums[result.provider].add(result.totals);
      next[messages[i].partition().value] = messages[i].offset().value + 1;
    }
    std::map<std::string, Totals> known;
    for (const auto& [provider, added] : sums) {
      Totals& sum = known[provider] = known_[provider];
      sum.add(added);
      produce(totals_topic_, kafka::Partition{0}, totals_key(provider), encode_totals(sum),
              totals_headers_);
    }
    std::vector<kafka::TopicPartitionOffset> offsets;
    for (const auto& [partition, offset] : next) {
      offsets.push_back({{pages_topic_, kafka::Partition{partition}}, kafka::Offset{offset}});
    }
    expect(producer_->send_offsets(offsets, *consumer_, kBrokerTimeout));
    expect(producer_->commit_transaction(kBrokerTimeout));
    for (auto& [provider, sum] : known) {
      known_[provider] = std::move(sum);
    }
    count(sums);
  }

  void put_aside(const kafka::Message& message, const Error& error) {
    kafka::DeadLetter letter;
    letter.step = kRole.name;
    letter.error = error;
    letter.origin = {std::string{topics::kPages}, message.partition(), message.offset().value};
    letter.key = message.key();
    letter.value = message.value();
    letter.time = clock_.now();
    if (const auto sent =
            kafka::produce_dead_letter(*producer_, config_, letter, message.headers());
        !sent) {
      throw Reopen{sent.error().message()};
    }
  }

  void produce(const std::string& topic, std::optional<kafka::Partition> partition,
               std::string_view key, std::string_view value, const kafka::Headers& headers) {
    kafka::OutRecord record;
    record.topic = topic;
    record.partition = partition;
    record.key = key;
    record.value = value;
    record.headers = &headers;
    if (const auto sent = producer_->produce(record); !sent) {
      throw Reopen{sent.error().message()};
    }
  }

  // A transaction that is not done is left behind: the next holder of the id aborts it.
  void expect(const kafka::Producer::Step& step) const {
    if (step.outcome == kafka::Producer::Outcome::fenced) {
      throw WorkFailed{"another process works under the name " + member_ + ": " + step.message};
    }
    if (step.outcome != kafka::Producer::Outcome::done) {
      throw Reopen{step.message};
    }
  }

  void count(const std::map<std::string, Totals>& sums) {
    for (const auto& [provider, totals] : sums) {
      for (const auto& [name, amount] : totals.counters) {
        const std::size_t dot = name.find('.');
        Labels labels{{"provider", provider}};
        if (dot != std::string::npos) {
          labels["reason"] = name.substr(dot + 1);
        }
        context_.metrics
            .counter("freshet_extract_" + name.substr(0, dot) + "_total",
                     "Pages of the crawl, or sightings made of them, by outcome", labels)
            .add(static_cast<double>(amount));
      }
    }
  }

  std::optional<std::string> unready() {
    const std::lock_guard lock{mutex_};
    return reason_.empty() ? std::nullopt : std::optional{reason_};
  }
  void set_reason(std::string reason) {
    const std::lock_guard lock{mutex_};
    reason_ = std::move(reason);
  }

  const ExtractRun& run_;
  const Context& context_;
  const Config::Kafka& config_;
  std::string group_;
  std::string member_;
  std::string pages_topic_;
  std::string raw_topic_;
  std::string totals_topic_;
  std::int32_t sums_number_;
  kafka::Headers raw_headers_ = schema(schema_header::kRaw);
  kafka::Headers totals_headers_ = schema(schema_header::kTotals);
  SystemClock clock_;
  PageBatch batch_;
  std::map<std::string, Totals> known_;  ///< since the topic's beginning, by provider
  std::set<std::int32_t> assigned_;
  std::set<std::int32_t> at_end_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::Consumer> consumer_;

  std::mutex mutex_;  ///< of `reason_`, which /readyz reads
  std::string reason_ = "starts";
};

}  // namespace

int run_extract(const ExtractRun& run, const Context& context) {
  return ExtractLoop{run, context}.run();
}

}  // namespace freshet
