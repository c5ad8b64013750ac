#include "operate/backup.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/output.hpp"
#include "core/topics.hpp"
#include "core/zstd_lines.hpp"
#include "operate/backup_format.hpp"
#include "operate/broker.hpp"
#include "operate/file_digest.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// A file is what is lost when a backup is cut short, and what a restore sends again.
constexpr std::int64_t kFileBytes = 256LL << 20U;  // before compression

/// A file under another name until it is whole and on disk.
class FileWriter {
 public:
  explicit FileWriter(fs::path path) : path_{std::move(path)}, made_{path_.string() + ".part"} {
    descriptor_ = ::open(made_.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0640);
    if (descriptor_ < 0) {
      throw WorkFailed{made_ + ": " + std::strerror(errno)};
    }
  }
  ~FileWriter() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(std::string_view bytes) {
    digest_.add(bytes);
    size_ += static_cast<std::int64_t>(bytes.size());
    while (!bytes.empty()) {
      const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno != EINTR) {
        throw WorkFailed{made_ + ": " + std::strerror(errno)};
      }
      bytes.remove_prefix(done > 0 ? static_cast<std::size_t>(done) : 0);
    }
  }
  void finish() {
    if (::fsync(descriptor_) != 0 || ::close(std::exchange(descriptor_, -1)) != 0 ||
        std::rename(made_.c_str(), path_.c_str()) != 0) {
      throw WorkFailed{path_.string() + ": " + std::strerror(errno)};
    }
  }
  std::int64_t size() const { return size_; }
  std::string digest() { return digest_.hex(); }

 private:
  const fs::path path_;
  const std::string made_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
  FileDigest digest_;
};

BackupRecord record_of(const kafka::Message& message, std::string_view topic) {
  BackupRecord record;
  record.topic = topic;
  record.partition = message.partition().value;
  record.offset = message.offset().value;
  record.time = message.timestamp();
  if (const auto key = message.key()) {
    record.key = *key;
  }
  if (const auto value = message.value()) {
    record.value = *value;
  }
  record.headers = message.headers();
  return record;
}

/// The topics as they are now, each partition to the end that it has when its turn comes.
class Source {
 public:
  explicit Source(const Context& context)
      : context_{context}, consumer_{context.config.kafka, reader_options()} {
    kafka::Admin admin{context.config.kafka};
    require_broker(admin);
  }

  std::int32_t partitions(std::string_view topic) {
    return static_cast<std::int32_t>(
        partitions_of(consumer_, context_.config.kafka.prefixed(topic)).size());
  }
  kafka::Watermarks ends(std::string_view topic, std::int32_t partition) {
    return require(consumer_.watermarks(at(topic, partition), 10s));
  }
  /// @param take  false: no more
  void read(std::string_view topic, std::int32_t partition, kafka::Offset from, kafka::Offset end,
            const std::function<bool(const BackupRecord&)>& take) {
    if (from >= end) {
      return;
    }
    read_to_end(consumer_, {{at(topic, partition), from}}, context_.stop,
                [&](const kafka::Message& message) {
                  return message.offset() < end && take(record_of(message, topic));
                });
    if (context_.stop.stop_requested()) {
      throw WorkFailed{"stopped; the same command goes on with the backup"};
    }
  }

 private:
  kafka::TopicPartition at(std::string_view topic, std::int32_t partition) const {
    return {context_.config.kafka.prefixed(topic), kafka::Partition{partition}};
  }

  const Context& context_;
  kafka::Consumer consumer_;
};

void print(const BackupManifest& manifest, bool as_json) {
  if (as_json) {
    print_result(encode_manifest(manifest));
    return;
  }
  for (const BackupTopic& topic : manifest.topics) {
    print_result(fmt::format("{}: {} records in {} files\n", topic.name, topic.records(),
                             topic.files.size()));
  }
}

/// A folder of files, with a manifest that is written anew after each of them.
class FolderBackup {
 public:
  FolderBackup(const Context& context, fs::path folder)
      : source_{context}, folder_{std::move(folder)} {}

  BackupManifest run() {
    fs::create_directories(folder_);
    open();
    manifest_.finished_at.reset();
    for (const std::string_view topic : backup_topics()) {
      write_topic(topic);
    }
    manifest_.finished_at = SystemClock{}.now();
    keep();
    return manifest_;
  }

 private:
  fs::path manifest_path() const { return folder_ / "manifest.json"; }
  void keep() { write_whole(manifest_path().string(), encode_manifest(manifest_)); }

  void open() {
    manifest_.began_at = SystemClock{}.now();
    if (!fs::exists(manifest_path())) {
      if (!fs::is_empty(folder_)) {
        throw RefusedError{folder_.string() + " is not empty, and has no manifest.json"};
      }
      return keep();
    }
    auto read = parse_manifest(read_whole(manifest_path().string()));
    if (!read) {
      throw RefusedError{manifest_path().string() + ": " + read.error().message()};
    }
    manifest_ = std::move(*read);
    log::info("backup_resumed", {{"folder", folder_.string()}, {"records", manifest_.records()}});
  }

  void write_topic(std::string_view name) {
    const std::int32_t partitions = source_.partitions(name);
    if (manifest_.find(name) == nullptr) {
      manifest_.topics.push_back({std::string{name}, partitions, {}});
    }
    BackupTopic& topic = *manifest_.find(name);
    if (topic.partitions != partitions) {
      throw RefusedError{fmt::format("{} has {} partitions, in the backup {}: another cluster",
                                     name, partitions, topic.partitions)};
    }
    fs::create_directories(folder_ / name);
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
      const auto ends = source_.ends(name, partition);
      if (topic.next_offset(partition) > ends.high.value) {
        throw RefusedError{
            fmt::format("{}[{}] ends at {}, before what the backup has: the topic "
                        "was made anew",
                        name, partition, ends.high.value)};
      }
      while (topic.next_offset(partition) < ends.high.value) {
        write_file(topic, partition,
                   kafka::Offset{std::max(topic.next_offset(partition), ends.low.value)},
                   ends.high);
      }
    }
  }

  void write_file(BackupTopic& topic, std::int32_t partition, kafka::Offset from,
                  kafka::Offset end) {
    BackupFile file;
    file.name = fmt::format("{}/{}-{:020}.jsonl.zst", topic.name, partition, from.value);
    file.partition = partition;
    FileWriter out{folder_ / file.name};
    ZstdLineWriter lines{[&out](std::string_view bytes) { out.write(bytes); }};
    std::int64_t written = 0;
    file.next_offset = end.value;
    source_.read(topic.name, partition, from, end, [&](const BackupRecord& record) {
      const std::string line = encode_backup_record(record);
      lines.write(line);
      written += static_cast<std::int64_t>(line.size());
      ++file.records;
      if (written < kFileBytes) {
        return true;
      }
      file.next_offset = record.offset + 1;
      return false;
    });
    lines.finish();
    out.finish();
    file.bytes = out.size();
    file.sha256 = out.digest();
    topic.files.push_back(std::move(file));
    keep();
    log::info("backup_progressed",
              {{"file", topic.files.back().name}, {"records", topic.files.back().records}});
  }

  Source source_;
  const fs::path folder_;
  BackupManifest manifest_;
};

/// Everything in one stream: a line that says what follows, the records, and a line that says how
/// many they were.
BackupManifest write_stream(const Context& context) {
  Source source{context};
  ZstdLineWriter lines{[](std::string_view bytes) { print_result(bytes); }};
  BackupManifest manifest;
  manifest.began_at = SystemClock{}.now();
  for (const std::string_view name : backup_topics()) {
    manifest.topics.push_back({std::string{name}, source.partitions(name), {}});
  }
  const auto line_of = [&] {
    std::string text = encode_manifest(manifest);
    text.pop_back();
    return text;
  };
  lines.write(line_of());
  for (BackupTopic& topic : manifest.topics) {
    for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
      const auto ends = source.ends(topic.name, partition);
      BackupFile part;
      part.name = "-";
      part.partition = partition;
      part.next_offset = ends.high.value;
      FileDigest digest;
      source.read(topic.name, partition, ends.low, ends.high, [&](const BackupRecord& record) {
        const std::string line = encode_backup_record(record);
        digest.add(line);
        lines.write(line);
        ++part.records;
        return true;
      });
      part.sha256 = digest.hex();
      topic.files.push_back(std::move(part));
    }
  }
  manifest.finished_at = SystemClock{}.now();
  lines.write(line_of());
  lines.finish();
  return manifest;
}

}  // namespace

std::string read_whole(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file.is_open() || file.bad()) {
    throw StartupError{path + " cannot be read"};
  }
  return text;
}

void write_whole(const std::string& path, std::string_view text) {
  FileWriter out{path};
  out.write(text);
  out.finish();
}

int run_backup(const Context& context, const BackupFlags& flags) {
  if (flags.place == "-") {
    const BackupManifest manifest = write_stream(context);
    std::cerr << fmt::format("{} records\n", manifest.records());
    return ExitCode::done;
  }
  print(FolderBackup{context, flags.place}.run(), flags.json);
  return ExitCode::done;
}

void add_backup_commands(CLI::App& root, Commands& commands) {
  const auto saved = std::make_shared<BackupFlags>();
  CLI::App* backup = root.add_subcommand(
      "backup", "Copy the topics that are the truth into a folder, or to standard output");
  backup->add_option("place", saved->place, "Folder; - is standard output")->required();
  backup->add_flag("--json", saved->json, "Print the manifest");
  backup->footer(
      "The same folder again: goes on with a backup that was cut short, or adds what is new.\n"
      "Examples:\n  freshet backup /srv/backup/freshet\n  freshet backup - > freshet.jsonl.zst");
  commands.on_run(backup, [saved](const Context& context) { return run_backup(context, *saved); });

  const auto restored = std::make_shared<BackupFlags>();
  CLI::App* restore =
      root.add_subcommand("restore", "Fill the topics of an empty cluster from a backup");
  restore->add_option("place", restored->place, "Folder; - is standard input")->required();
  restore->add_flag("--resume", restored->resume, "Go on with a restore that was cut short");
  restore->add_flag("--json", restored->json, "Print what was restored as JSON");
  restore->footer("Example:\n  freshet restore /srv/backup/freshet");
  commands.on_run(restore,
                  [restored](const Context& context) { return run_restore(context, *restored); });
}

}  // namespace freshet
