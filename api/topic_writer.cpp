#include "api/topic_writer.hpp"

#include <utility>

#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"

namespace freshet::api {
namespace {

// Below the time that a request has, so that it hears of it.
constexpr std::chrono::milliseconds kFlushLimit{3'500};
constexpr std::chrono::milliseconds kMetadataLimit{2'000};
constexpr std::chrono::milliseconds kPauseAfterFault{500};
constexpr std::size_t kRecordBytes = 128;  // what a record weighs beside its texts

Counter& counter(Metrics& metrics, const TopicWriter::Options& options, const char* outcome) {
  return metrics.counter(std::string{options.metric}, std::string{options.meaning},
                         {{"outcome", outcome}});
}

}  // namespace

TopicWriter::TopicWriter(const Config::Kafka& config, Metrics& metrics, const Options& options)
    : config_{config},
      topic_{config.prefixed(options.topic)},
      headers_{{std::string{schema_header::kName}, std::string{options.schema}}},
      event_{options.event},
      sent_{counter(metrics, options, "sent")},
      refused_{counter(metrics, options, "refused")},
      failed_{counter(metrics, options, "failed")},
      dropped_{counter(metrics, options, "dropped")},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

TopicWriter::~TopicWriter() {
  thread_.request_stop();
  thread_.join();
}

bool TopicWriter::add(std::vector<Record> records, Deliver deliver) {
  const auto count = static_cast<double>(records.size());
  const bool has_room = enqueue({std::move(records), 0, std::move(deliver)});
  if (!has_room) {
    refused_.add(count);
  }
  return has_room;
}

void TopicWriter::note(Record record) {
  std::vector<Record> records;
  records.push_back(std::move(record));
  if (!enqueue({std::move(records), 0, nullptr})) {
    dropped_.add();
  }
}

bool TopicWriter::enqueue(Waiting waiting) {
  for (const Record& record : waiting.records) {
    waiting.bytes += record.value.size() + kRecordBytes;
  }
  {
    const std::scoped_lock lock{mutex_};
    if (waiting_bytes_ + waiting.bytes > kMostWaitingBytes) {
      return false;
    }
    waiting_bytes_ += waiting.bytes;
    waiting_.push_back(std::move(waiting));
  }
  is_there_.notify_one();
  return true;
}

void TopicWriter::run(const std::stop_token& stop) {
  std::string said;  // the last fault: one that stays is said once
  for (;;) {
    std::vector<Waiting> taken;
    {
      std::unique_lock lock{mutex_};
      is_there_.wait(lock, stop, [this] { return !waiting_.empty(); });
      if (waiting_.empty()) {
        return;  // stopped, and nothing is left
      }
      taken.swap(waiting_);
    }
    const Result<void> written = write(taken);
    std::size_t records = 0;
    std::size_t bytes = 0;
    for (Waiting& one : taken) {
      records += one.records.size();
      bytes += one.bytes;
      if (one.deliver) {
        one.deliver(written);
      }
    }
    (written ? sent_ : failed_).add(static_cast<double>(records));
    const std::string fault = written ? "" : written.error().message();
    if (!fault.empty() && fault != said) {
      log::warn(event_, {{"records", records}, {"text", fault}});
    }
    said = fault;
    {
      const std::scoped_lock lock{mutex_};
      waiting_bytes_ -= bytes;
    }
    if (!written && stop.stop_requested()) {
      return;  // a broker that is away holds nobody up
    }
    if (!written) {
      producer_.reset();  // what it still holds would be sent after it was said to have failed
      wait_for_stop(stop, kPauseAfterFault);
    }
  }
}

Result<void> TopicWriter::write(const std::vector<Waiting>& taken) try {
  // Not before there is something to say: the API needs no broker to answer searches.
  if (producer_ == nullptr) {
    kafka::ProducerOptions options;
    options.delivery_timeout = kFlushLimit;
    options.metadata_timeout = kMetadataLimit;
    options.queue_max_kbytes = 2 * kMostWaitingBytes / 1024;
    producer_ = std::make_unique<kafka::Producer>(config_, options);
  }
  for (const Waiting& one : taken) {
    for (const Record& record : one.records) {
      const auto handed = producer_->produce({.topic = topic_,
                                              .partition = std::nullopt,
                                              .key = record.key,
                                              .value = record.value,
                                              .headers = &headers_,
                                              .timestamp = std::nullopt});
      if (!handed) {
        return handed.error();
      }
    }
  }
  return producer_->flush(kFlushLimit);
} catch (const std::exception& fault) {
  return Error{Errc::broker_error, Retry::after_backoff, fault.what()};
}

}  // namespace freshet::api
