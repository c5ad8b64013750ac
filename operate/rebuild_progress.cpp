#include "operate/rebuild_progress.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "core/stop.hpp"
#include "operate/lag.hpp"
#include "operate/stores.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 50ms;
constexpr auto kSayEvery = 5s;

std::int64_t missing(const RebuildProgress::Offsets& target, const RebuildProgress::Offsets& done) {
  std::int64_t sum = 0;
  for (const auto& [partition, offset] : target) {
    const auto found = done.find(partition);
    sum +=
        std::max<std::int64_t>(0, offset.value - (found == done.end() ? 0 : found->second.value));
  }
  return sum;
}

}  // namespace

RebuildProgress::RebuildProgress(const Context& context, const Role& live_role)
    : context_{context},
      role_{live_role},
      admin_{context.config.kafka},
      consumer_{context.config.kafka, reader_options()} {
  require_broker(admin_);
  partitions_ = partitions_of(consumer_, context.config.kafka.prefixed(role_.topics.front()));
}

RebuildProgress::Offsets RebuildProgress::ends() {
  Offsets ends;
  for (const kafka::TopicPartition& at : partitions_) {
    ends[at.partition] = require(consumer_.watermarks(at, 10s)).high;
  }
  return ends;
}

RebuildProgress::Offsets RebuildProgress::live() {
  const std::string group = context_.config.kafka.prefixed(role_.name);
  Offsets live;
  for (const kafka::TopicPartition& at : partitions_) {
    live[at.partition] = kafka::Offset{0};
  }
  if (role_.offsets == OffsetsIn::postgres) {
    for (const auto& [partition, offset] : require(read_postgres_offsets(
             context_.config.postgres.dsn, group, partitions_.front().topic))) {
      live[kafka::Partition{partition}] = kafka::Offset{offset};
    }
    return live;
  }
  for (const auto& [at, offset] : require(admin_.group_offsets(group, partitions_))) {
    live[at.partition] = offset;
  }
  return live;
}

void RebuildProgress::await(const StoreFill& fill, const Offsets& target) {
  while (true) {
    const StoreFill::State state = fill.state();
    if (state.failure) {
      throw WorkFailed{"the filling ended: " + state.failure->message() +
                       "; --resume goes on once that is mended"};
    }
    const std::int64_t left = missing(target, state.done);
    if (!state.done.empty() && left == 0) {
      return;
    }
    if (context_.stop.stop_requested()) {
      throw WorkFailed{"stopped; what is filled is kept, and --resume goes on"};
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_said_) {
      log::info("rebuild_progressed", {{"records", state.records},
                                       {"offsets_left", left},
                                       {"put_aside", state.put_aside},
                                       {"trouble", state.trouble.value_or("")}});
      next_said_ = now + kSayEvery;
    }
    wait_for_stop(context_.stop, kLookEvery);
  }
}

void RebuildProgress::await_ends(const StoreFill& fill) {
  // What came while it read the rest is little; what comes while it reads that is next to nothing.
  for (int i = 0; i < 3; ++i) {
    await(fill, ends());
  }
}

std::int64_t RebuildProgress::between(const Offsets& ends, const Offsets& one,
                                      const Offsets& other) {
  return missing(ends, one) + missing(ends, other);
}

}  // namespace freshet
