#include "core/config.hpp"

namespace freshet {

const std::map<std::string, std::string, std::less<>>& refused_librdkafka_properties() {
  constexpr const char* kBrokers = "set kafka.brokers";
  constexpr const char* kDurable = "producers are idempotent with acks=all, or records are lost";
  constexpr const char* kOrder = "records of one key must stay in order";
  constexpr const char* kIds = "ids are formed from kafka.topic_prefix and process.instance";
  constexpr const char* kOffsets = "offsets are committed with what was made of the records";
  constexpr const char* kSize = "size limits are checked before producing and set on the topics";
  constexpr const char* kRestore = "a restore ends at the true end of a partition";
  constexpr const char* kPartition = "the partition is murmur2 of the work key everywhere";
  static const std::map<std::string, std::string, std::less<>> refused = {
      {"acks", kDurable},
      {"allow.auto.create.topics", "topics are made by `freshet topics create`"},
      {"auto.commit.enable", kOffsets},
      {"auto.commit.interval.ms", kOffsets},
      {"auto.offset.reset", "a lost offset must not skip records"},
      {"bootstrap.servers", kBrokers},
      {"delivery.report.only.error", "acknowledgements are counted"},
      {"delivery.timeout.ms", "it must fit the transaction timeout"},
      {"enable.auto.commit", kOffsets},
      {"enable.auto.offset.store", kOffsets},
      {"enable.gapless.guarantee", kOrder},
      {"enable.idempotence", kDurable},
      {"enable.partition.eof", kRestore},
      {"group.id", kIds},
      {"group.instance.id", kIds},
      {"isolation.level", "records of aborted transactions must not be read"},
      {"max.in.flight", kOrder},
      {"max.in.flight.requests.per.connection", kOrder},
      {"message.max.bytes", kSize},
      {"message.send.max.retries", kDurable},
      {"message.timeout.ms", "it must fit the transaction timeout"},
      {"metadata.broker.list", kBrokers},
      {"partition.assignment.strategy", "loops rely on how partitions are handed out"},
      {"partitioner", kPartition},
      {"queuing.strategy", kOrder},
      {"request.required.acks", kDurable},
      {"retries", kDurable},
      {"test.mock.num.brokers", "records would go to a broker that forgets them"},
      {"transaction.timeout.ms", "readers wait for a dead processor no longer than this"},
      {"transactional.id", kIds},
  };
  return refused;
}

}  // namespace freshet
