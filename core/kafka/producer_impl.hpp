#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/kafka/handles.hpp"
#include "core/kafka/producer.hpp"

namespace freshet::kafka {

struct Producer::Impl {
  struct Topic {
    TopicHandle handle;
    std::string name;
    std::int32_t partitions = 0;
    std::size_t max_bytes = 0;
  };

  /// A record taken back from a client, to be handed to the next one.
  struct Unsent {
    std::uintptr_t number = 0;  ///< in the order of `produce`
    std::string topic;
    std::int32_t partition = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    Headers headers;
    std::optional<UtcTime> timestamp;
  };

  Impl(Config::Kafka c, ProducerOptions o) : config{std::move(c)}, options{std::move(o)} {}

  const Config::Kafka config;
  const ProducerOptions options;
  std::map<std::string, std::size_t> limits;  ///< largest record by topic, of those we know
  std::string name;                           ///< transactional id or `producer`, for messages
  std::size_t max_message_bytes = 0;
  std::uint64_t handed_over = 0;
  std::uint64_t failed = 0;
  std::int32_t next_partition = 0;  ///< for records without a key
  std::optional<Error> first_failure;
  std::uintptr_t numbered = 0;
  std::deque<Unsent> unsent;  ///< empty but while a new client is made
  int renewals = 0;
  int renewals_in_vain = 0;
  std::uint64_t acknowledged_at_renewal = 0;

  // Topics are let go before the handle.
  Handle handle;
  std::map<std::string, Topic, std::less<>> topics;
  Topic* last_topic = nullptr;

  Result<Topic*> topic(std::string_view topic_name);
  Result<std::int32_t> choose_partition(const Topic& topic, const OutRecord& record);
  Result<void> enqueue(Topic& topic, std::int32_t partition, const OutRecord& record,
                       std::uintptr_t number);
  std::optional<Error> broken();

  Result<void> make_client();
  bool can_be_renewed() const;
  Result<void> renew();
  Result<void> replace_client();
  Result<void> send_again();
  std::size_t in_flight() const;
  std::uint64_t acknowledged() const;

  /// Runs one step of a transaction until it is done, refused for good, or out of time.
  /// @param call  gets the milliseconds that are left, and returns librdkafka's error.
  Step run_step(const char* what, std::chrono::milliseconds timeout,
                const std::function<rd_kafka_error_t*(int)>& call);
};

inline std::chrono::milliseconds remaining(std::chrono::steady_clock::time_point until) {
  using std::chrono::milliseconds;
  return std::max(milliseconds{0},
                  std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()));
}

}  // namespace freshet::kafka
