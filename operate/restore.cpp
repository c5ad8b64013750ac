#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/kafka/producer.hpp"
#include "core/log.hpp"
#include "core/output.hpp"
#include "core/topics.hpp"
#include "core/totals.hpp"
#include "core/zstd_lines.hpp"
#include "operate/backup.hpp"
#include "operate/backup_format.hpp"
#include "operate/broker.hpp"
#include "operate/file_digest.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 1U << 20U;

/// A topic that was made a moment ago may not be led yet, whatever its metadata say.
kafka::Watermarks ends_of(kafka::Consumer& consumer, const kafka::TopicPartition& at) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (true) {
    const auto ends = consumer.watermarks(at, 10s);
    if (ends || std::chrono::steady_clock::now() >= until) {
      return require(ends);
    }
    std::this_thread::sleep_for(200ms);
  }
}

/// The topics that are filled.
class Target {
 public:
  Target(const Context& context, bool resume)
      : config_{context.config.kafka}, stop_{context.stop}, producer_{config_, {}} {
    kafka::Admin admin{config_};
    require_broker(admin);
    for (const Role& role : roles_with_groups()) {
      wait_for_members_to_leave(admin, config_.prefixed(role.name), kMembersLeaveSeconds, stop_);
    }
    require(admin.create_topics(topic_specs(config_)));
    kafka::Consumer consumer{config_, reader_options()};
    for (const std::string_view topic : backup_topics()) {
      const auto partitions = partitions_of(consumer, config_.prefixed(topic));
      partitions_[std::string{topic}] = static_cast<std::int32_t>(partitions.size());
      for (const kafka::TopicPartition& at : partitions) {
        const auto ends = ends_of(consumer, at);
        if (ends.low < ends.high && !resume) {
          throw RefusedError{at.topic +
                             " is not empty: a restore is for an empty cluster; --resume goes on "
                             "with one that was cut short"};
        }
      }
    }
  }

  void add(const BackupRecord& record, std::int32_t partitions_then) {
    const auto there = partitions_.find(record.topic);
    if (there == partitions_.end()) {
      throw WorkFailed{"the backup has a topic that this version does not know: " + record.topic};
    }
    if (there->second != partitions_then && record.topic == topics::kTotals) {
      return add_total(record);
    }
    const std::int32_t partition =
        there->second == partitions_then
            ? record.partition
            : restored_partition(record.topic, record.key.value_or(""), there->second);
    send(record, partition);
  }

  /// Everything that was added is on the broker.
  void settle() {
    require(producer_.flush(120s));
    if (stop_.stop_requested()) {
      throw WorkFailed{"stopped; --resume goes on"};
    }
  }

  /// Sums are kept by partition. Where there are others now, each is added up and lies in the
  /// first.
  void finish() {
    for (const auto& [name, by_partition] : totals_) {
      Totals sum;
      for (const auto& [partition, totals] : by_partition) {
        sum.add(totals);
      }
      BackupRecord record;
      record.topic = topics::kTotals;
      record.key = encode_totals_key({name.first, name.second, 0});
      record.value = encode_totals(sum);
      record.headers = {{std::string{schema_header::kName}, std::string{schema_header::kTotals}}};
      send(record, 0);
    }
    settle();
  }

 private:
  void send(const BackupRecord& record, std::int32_t partition) {
    const std::string topic = config_.prefixed(record.topic);
    kafka::OutRecord out;
    out.topic = topic;
    out.partition = kafka::Partition{partition};
    if (record.key) {
      out.key = *record.key;
    }
    if (record.value) {
      out.value = *record.value;
    }
    out.headers = &record.headers;
    out.timestamp = record.time;
    require(producer_.produce(out));
  }

  void add_total(const BackupRecord& record) {
    const auto key = parse_totals_key(record.key.value_or(""));
    const auto totals = parse_totals(record.value.value_or(""));
    if (!key || !totals) {
      log::warn("sums_left_out", {{"key", record.key.value_or("")}});
      return;
    }
    totals_[{key->kind, key->provider}][key->partition] = *totals;
  }

  const Config::Kafka& config_;
  const std::stop_token stop_;
  kafka::Producer producer_;
  std::map<std::string, std::int32_t, std::less<>> partitions_;
  std::map<std::pair<std::string, std::string>, std::map<std::int32_t, Totals>> totals_;
};

BackupRecord require_record(const std::string& line) {
  auto record = parse_backup_record(line);
  if (!record) {
    throw WorkFailed{record.error().message()};
  }
  return std::move(*record);
}

/// Which files of a folder are restored already into this cluster.
class Restored {
 public:
  Restored(const Context& context, const fs::path& folder)
      : path_{folder / ("restored-" +
                        to_hex(xxh3(context.config.kafka.brokers + "\n" +
                                    context.config.kafka.topic_prefix)) +
                        ".json")} {}

  void read() {
    if (!fs::exists(path_)) {
      return;
    }
    const auto parsed = parse_json(read_whole(path_.string()));
    if (parsed && parsed->is_array()) {
      for (const json::value& one : parsed->as_array()) {
        if (one.is_string()) {
          names_.emplace(one.as_string());
        }
      }
    }
  }
  bool has(const std::string& name) const { return names_.contains(name); }
  void add(const std::string& name) {
    names_.insert(name);
    json::array list;
    for (const std::string& one : names_) {
      list.emplace_back(one);
    }
    try {
      write_whole(path_.string(), to_json(list));
    } catch (const WorkFailed& error) {
      // A folder that cannot be written to: a restore that is cut short begins anew.
      log::warn("progress_not_kept", {{"text", error.what()}});
    }
  }
  void forget() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }

 private:
  const fs::path path_;
  std::set<std::string> names_;
};

void check_file(const fs::path& path, const BackupFile& file) {
  std::ifstream in{path, std::ios::binary};
  std::vector<char> buffer(kReadBytes);
  FileDigest digest;
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    digest.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
  }
  if (!in.is_open() || digest.hex() != file.sha256) {
    throw WorkFailed{path.string() + " is not as the manifest says: missing, or damaged"};
  }
}

std::int64_t send_file(const fs::path& path, const BackupFile& file, std::int32_t partitions,
                       Target& target) {
  std::ifstream in{path, std::ios::binary};
  std::vector<char> buffer(kReadBytes);
  ZstdLineReader lines{[&]() -> std::string_view {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    return {buffer.data(), static_cast<std::size_t>(in.gcount())};
  }};
  std::string line;
  std::int64_t records = 0;
  while (lines.next(line)) {
    target.add(require_record(line), partitions);
    ++records;
  }
  if (records != file.records) {
    throw WorkFailed{fmt::format("{} has {} records, the manifest says {}", path.string(), records,
                                 file.records)};
  }
  return records;
}

BackupManifest restore_folder(const Context& context, const fs::path& folder, bool resume,
                              Target& target) {
  auto manifest = parse_manifest(read_whole((folder / "manifest.json").string()));
  if (!manifest) {
    throw StartupError{(folder / "manifest.json").string() + ": " + manifest.error().message()};
  }
  if (!manifest->finished_at) {
    throw RefusedError{folder.string() +
                       " is a backup that was cut short: `freshet backup` goes "
                       "on with it"};
  }
  // All of it before any of it is sent.
  for (const BackupTopic& topic : manifest->topics) {
    for (const BackupFile& file : topic.files) {
      check_file(folder / file.name, file);
    }
  }
  Restored restored{context, folder};
  if (resume) {
    restored.read();
  }
  for (const BackupTopic& topic : manifest->topics) {
    for (const BackupFile& file : topic.files) {
      // Sums that are added up need all their files.
      if (restored.has(file.name) && topic.name != topics::kTotals) {
        continue;
      }
      const std::int64_t records = send_file(folder / file.name, file, topic.partitions, target);
      target.settle();
      restored.add(file.name);
      log::info("restore_progressed", {{"file", file.name}, {"records", records}});
    }
  }
  target.finish();
  restored.forget();
  return std::move(*manifest);
}

BackupManifest restore_stream(Target& target) {
  std::vector<char> buffer(kReadBytes);
  ZstdLineReader lines{[&]() -> std::string_view {
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), stdin);
    return {buffer.data(), got};
  }};
  std::string line;
  if (!lines.next(line)) {
    throw StartupError{"standard input is empty"};
  }
  const auto begun = parse_manifest(line);
  if (!begun) {
    throw StartupError{"standard input is no backup: " + begun.error().message()};
  }
  std::map<std::pair<std::string, std::int32_t>, std::pair<std::int64_t, FileDigest>> parts;
  std::map<std::string, std::int32_t> partitions;
  for (const BackupTopic& topic : begun->topics) {
    partitions[topic.name] = topic.partitions;
  }
  while (lines.next(line)) {
    if (line.starts_with(R"({"format":)")) {
      auto end = parse_manifest(line);
      if (!end || !end->finished_at) {
        throw WorkFailed{"the last line of the backup cannot be read"};
      }
      for (const BackupTopic& topic : end->topics) {
        for (const BackupFile& part : topic.files) {
          auto& [records, digest] = parts[{topic.name, part.partition}];
          if (records != part.records || digest.hex() != part.sha256) {
            throw WorkFailed{fmt::format("{}[{}] is not as the backup says: damaged", topic.name,
                                         part.partition)};
          }
        }
      }
      target.finish();
      return std::move(*end);
    }
    const BackupRecord record = require_record(line);
    auto& [records, digest] = parts[{record.topic, record.partition}];
    ++records;
    digest.add(line);
    target.add(record, partitions[record.topic]);
  }
  throw WorkFailed{"the backup was cut short: what it has is restored, and is not all"};
}

}  // namespace

int run_restore(const Context& context, const BackupFlags& flags) {
  Target target{context, flags.resume};
  const BackupManifest manifest = flags.place == "-"
                                      ? restore_stream(target)
                                      : restore_folder(context, flags.place, flags.resume, target);
  if (flags.json) {
    json::object counts;
    for (const BackupTopic& topic : manifest.topics) {
      counts[topic.name] = topic.records();
    }
    print_result(
        to_json(json::object{{"records", manifest.records()}, {"topics", std::move(counts)}}) +
        "\n");
  } else {
    print_result(fmt::format("{} records were restored\n", manifest.records()));
  }
  return ExitCode::done;
}

}  // namespace freshet
