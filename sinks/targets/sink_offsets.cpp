#include "sinks/targets/sink_offsets.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <vector>

namespace freshet {
namespace {

template <class Get>
std::string int_array(std::span<const PartitionProgress> progress, Get get) {
  std::string text = "{";
  for (const PartitionProgress& one : progress) {
    fmt::format_to(std::back_inserter(text), "{}{}", text.size() > 1 ? "," : "", get(one));
  }
  return text + "}";
}

}  // namespace

boost::system::result<std::map<kafka::Partition, kafka::Offset>, PgFailure> SinkOffsets::start(
    std::span<const kafka::Partition> partitions) {
  std::vector<PartitionProgress> wanted;
  wanted.reserve(partitions.size());
  for (const kafka::Partition partition : partitions) {
    wanted.push_back({partition, {}, {}});
  }
  const std::string list =
      int_array(wanted, [](const PartitionProgress& p) { return p.partition.value; });
  if (auto done = session_.run("INSERT INTO sink_offsets SELECT $1, $2, p, 0 "
                               "FROM unnest($3::int[]) p ON CONFLICT DO NOTHING",
                               {group_, topic_, list});
      !done) {
    return done.error();
  }
  auto rows = session_.run(
      "SELECT partition, next_offset FROM sink_offsets "
      "WHERE sink = $1 AND topic = $2 AND partition = ANY($3::int[])",
      {group_, topic_, list});
  if (!rows) {
    return rows.error();
  }
  std::map<kafka::Partition, kafka::Offset> offsets;
  for (int i = 0; i < PQntuples(rows->get()); ++i) {
    const long partition = std::strtol(PQgetvalue(rows->get(), i, 0), nullptr, 10);
    offsets[kafka::Partition{static_cast<std::int32_t>(partition)}] =
        kafka::Offset{std::strtoll(PQgetvalue(rows->get(), i, 1), nullptr, 10)};
  }
  return offsets;
}

std::optional<PgFailure> SinkOffsets::move(std::span<const PartitionProgress> progress) {
  if (progress.empty()) {
    return std::nullopt;
  }
  const auto moved = session_.run(
      "UPDATE sink_offsets s SET next_offset = v.next "
      "FROM unnest($3::int[], $4::bigint[], $5::bigint[]) AS v (partition, was, next) "
      "WHERE s.sink = $1 AND s.topic = $2 AND s.partition = v.partition "
      "AND s.next_offset IN (v.was, v.next)",
      {group_, topic_,
       int_array(progress, [](const PartitionProgress& p) { return p.partition.value; }),
       int_array(progress, [](const PartitionProgress& p) { return p.from.value; }),
       int_array(progress, [](const PartitionProgress& p) { return p.next.value; })});
  if (!moved) {
    return moved.error();
  }
  if (affected_rows(*moved) != progress.size()) {
    return PgFailure{Error{Errc::fenced, Retry::after_backoff,
                           "another process moved the offsets in sink_offsets"},
                     ""};
  }
  return std::nullopt;
}

std::size_t affected_rows(const PgResult& result) {
  return static_cast<std::size_t>(std::strtoull(PQcmdTuples(result.get()), nullptr, 10));
}

Error judge_store(const PgFailure& failure) {
  return failure.sqlstate == "42501"
             ? Error{failure.error.errc(), Retry::never, failure.error.message()}
             : failure.error;
}

}  // namespace freshet
