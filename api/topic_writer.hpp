#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/producer.hpp"
#include "core/metrics.hpp"
#include "core/result.hpp"

namespace freshet::api {

/// Writes records to one topic on a thread of its own.
///
/// What waits is taken together, so a broker's answer is shared by all requests that came while it
/// was busy. At most `kMostWaitingBytes` wait; what comes then is refused, so a broker that is away
/// costs no memory. The contexts of who waits must be there until it is destroyed.
///
/// @thread_safety  All of it.
class TopicWriter {
 public:
  static constexpr std::size_t kMostWaitingBytes = 8U << 20U;

  struct Record {
    std::string key;
    std::string value;
  };
  /// Gets what became of the records, from the writer's thread.
  using Deliver = std::function<void(Result<void>)>;

  struct Options {
    std::string_view topic;   ///< without the prefix
    std::string_view schema;  ///< value of the header `schema`
    std::string_view event;   ///< what the log says when records were not sent
    std::string_view metric;  ///< counts records by `outcome`: sent, refused, failed, dropped
    std::string_view meaning;
  };

  TopicWriter(const Config::Kafka& config, Metrics& metrics, const Options& options);
  ~TopicWriter();

  /// @return whether there was room; without it nothing is delivered
  bool add(std::vector<Record> records, Deliver deliver);
  /// Nobody waits for it, and without room it is dropped, counted.
  void note(Record record);

 private:
  struct Waiting {
    std::vector<Record> records;
    std::size_t bytes = 0;
    Deliver deliver;  ///< null: nobody waits
  };

  bool enqueue(Waiting waiting);
  void run(const std::stop_token& stop);
  Result<void> write(const std::vector<Waiting>& taken);

  const Config::Kafka& config_;
  const std::string topic_;
  const kafka::Headers headers_;
  const std::string event_;
  Counter& sent_;
  Counter& refused_;
  Counter& failed_;
  Counter& dropped_;
  std::mutex mutex_;
  std::condition_variable_any is_there_;
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;  ///< also of what is being written
  std::unique_ptr<kafka::Producer> producer_;
  std::jthread thread_;  // last: joined before what it uses is gone
};

}  // namespace freshet::api
