#include "operate/backup_format.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "core/decision.hpp"
#include "core/json.hpp"
#include "core/json_writer.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

std::string to_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) {
    return std::nullopt;
  }
  const auto padding = static_cast<std::size_t>(std::ranges::count(text, '='));
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

void put_bytes(ObjectWriter& object, std::string_view name,
               const std::optional<std::string>& bytes) {
  if (!bytes) {
    object.null(name);
  } else if (is_utf8(*bytes)) {
    object.text(name, *bytes);
  } else {
    object.text(std::string{name} + "64", to_base64(*bytes));
  }
}

Error malformed(const std::string& member) {
  return {Errc::malformed_payload, member, "shape", "a line of a backup with a bad " + member};
}

Result<std::optional<std::string>> take_bytes(const json::object& object, std::string_view name) {
  const std::string coded_name = std::string{name} + "64";
  if (const json::value* coded = object.if_contains(coded_name)) {
    auto bytes = coded->is_string() ? from_base64(coded->as_string()) : std::nullopt;
    return bytes ? Result<std::optional<std::string>>{std::move(bytes)} : malformed(coded_name);
  }
  const json::value* plain = object.if_contains(name);
  if (plain == nullptr || (!plain->is_null() && !plain->is_string())) {
    return malformed(std::string{name});
  }
  return plain->is_null() ? std::optional<std::string>{}
                          : std::optional{std::string{plain->as_string()}};
}

std::optional<std::int64_t> whole(const json::value& root, const char* pointer) {
  const json::value& value = value_at(root, pointer);
  return value.is_int64() && value.as_int64() >= 0 ? std::optional{value.as_int64()} : std::nullopt;
}

}  // namespace

std::string encode_backup_record(const BackupRecord& record) {
  std::string out;
  ObjectWriter object{out};
  object.text("topic", record.topic);
  object.integer("partition", record.partition);
  object.integer("offset", record.offset);
  object.text("time", format_millis(record.time));
  put_bytes(object, "key", record.key);
  put_bytes(object, "value", record.value);
  std::string headers = "[";
  for (const auto& [name, value] : record.headers) {
    headers += headers.size() > 1 ? ",[" : "[";
    append_json_string(headers, name);
    if (is_utf8(value)) {
      headers += ",";
      append_json_string(headers, value);
    } else {
      headers += ",null,";
      append_json_string(headers, to_base64(value));
    }
    headers += "]";
  }
  object.raw("headers", headers + "]");
  object.close();
  return out;
}

Result<BackupRecord> parse_backup_record(std::string_view line) {
  const auto parsed = parse_json(line);
  if (!parsed) {
    return parsed.error();
  }
  if (!parsed->is_object()) {
    return malformed("line");
  }
  BackupRecord record;
  record.topic = text_at(*parsed, "/topic").value_or("");
  const auto partition = whole(*parsed, "/partition");
  const auto offset = whole(*parsed, "/offset");
  const auto time = parse_time(text_at(*parsed, "/time").value_or(""));
  if (record.topic.empty() || !partition || *partition > INT32_MAX || !offset || !time) {
    return malformed(record.topic.empty() ? "topic"
                     : !partition         ? "partition"
                     : !offset            ? "offset"
                                          : "time");
  }
  record.partition = static_cast<std::int32_t>(*partition);
  record.offset = *offset;
  record.time = *time;
  auto key = take_bytes(parsed->as_object(), "key");
  if (!key) {
    return key.error();
  }
  auto value = take_bytes(parsed->as_object(), "value");
  if (!value) {
    return value.error();
  }
  record.key = std::move(*key);
  record.value = std::move(*value);
  const json::value& headers = value_at(*parsed, "/headers");
  if (!headers.is_array()) {
    return malformed("headers");
  }
  for (const json::value& header : headers.as_array()) {
    const auto name = text_at(header, "/0");
    const auto text = text_at(header, "/1");
    const auto coded = text_at(header, "/2");
    const auto bytes = coded ? from_base64(*coded) : std::nullopt;
    if (!name || (!text && !bytes)) {
      return malformed("headers");
    }
    record.headers.emplace_back(*name, text ? std::string{*text} : *bytes);
  }
  return record;
}

std::int64_t BackupTopic::records() const {
  std::int64_t sum = 0;
  for (const BackupFile& file : files) {
    sum += file.records;
  }
  return sum;
}

std::int64_t BackupTopic::next_offset(std::int32_t partition) const {
  std::int64_t next = 0;
  for (const BackupFile& file : files) {
    if (file.partition == partition) {
      next = std::max(next, file.next_offset);
    }
  }
  return next;
}

BackupTopic* BackupManifest::find(std::string_view topic) {
  const auto found = std::ranges::find(topics, topic, &BackupTopic::name);
  return found == topics.end() ? nullptr : &*found;
}

std::int64_t BackupManifest::records() const {
  std::int64_t sum = 0;
  for (const BackupTopic& topic : topics) {
    sum += topic.records();
  }
  return sum;
}

std::string encode_manifest(const BackupManifest& manifest) {
  json::array topics;
  for (const BackupTopic& topic : manifest.topics) {
    json::array files;
    for (const BackupFile& file : topic.files) {
      files.push_back(json::object{{"name", file.name},
                                   {"partition", file.partition},
                                   {"next_offset", file.next_offset},
                                   {"records", file.records},
                                   {"bytes", file.bytes},
                                   {"sha256", file.sha256}});
    }
    topics.push_back(json::object{{"topic", topic.name},
                                  {"partitions", topic.partitions},
                                  {"records", topic.records()},
                                  {"files", std::move(files)}});
  }
  return to_json(json::object{{"format", kBackupFormat},
                              {"began_at", format_millis(manifest.began_at)},
                              {"finished_at", manifest.finished_at ? json::value(format_millis(
                                                                         *manifest.finished_at))
                                                                   : json::value{}},
                              {"topics", std::move(topics)}}) +
         "\n";
}

Result<BackupManifest> parse_manifest(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed) {
    return parsed.error();
  }
  if (value_at(*parsed, "/format") != kBackupFormat) {
    return Error{Errc::unknown_schema, "format", "version",
                 "the manifest is of another format than " + std::to_string(kBackupFormat)};
  }
  BackupManifest manifest;
  const auto began = parse_time(text_at(*parsed, "/began_at").value_or(""));
  const json::value& topics = value_at(*parsed, "/topics");
  if (!began || !topics.is_array()) {
    return malformed(began ? "topics" : "began_at");
  }
  manifest.began_at = *began;
  manifest.finished_at = parse_time(text_at(*parsed, "/finished_at").value_or(""));
  for (const json::value& one : topics.as_array()) {
    BackupTopic topic;
    topic.name = text_at(one, "/topic").value_or("");
    topic.partitions = static_cast<std::int32_t>(whole(one, "/partitions").value_or(0));
    const json::value& files = value_at(one, "/files");
    if (topic.name.empty() || topic.partitions < 1 || !files.is_array()) {
      return malformed("topics");
    }
    for (const json::value& entry : files.as_array()) {
      BackupFile file;
      file.name = text_at(entry, "/name").value_or("");
      file.sha256 = text_at(entry, "/sha256").value_or("");
      const auto next = whole(entry, "/next_offset");
      const auto records = whole(entry, "/records");
      if (file.name.empty() || file.name.find("..") != std::string::npos ||
          file.name.starts_with('/') || file.sha256.size() != 64 || !next || !records) {
        return malformed("files");
      }
      file.partition = static_cast<std::int32_t>(whole(entry, "/partition").value_or(0));
      file.next_offset = *next;
      file.records = *records;
      file.bytes = whole(entry, "/bytes").value_or(0);
      topic.files.push_back(std::move(file));
    }
    manifest.topics.push_back(std::move(topic));
  }
  return manifest;
}

std::vector<std::string_view> backup_topics() {
  return {topics::kCatalog, topics::kUrlClaims,     topics::kDecisions,        topics::kPolicy,
          topics::kTotals,  topics::kProducerState, topics::kDeadLetterActions};
}

std::int32_t restored_partition(std::string_view topic, std::string_view key,
                                std::int32_t partitions) {
  if (partitions <= 1) {
    return 0;
  }
  if (topic == topics::kUrlClaims) {
    key = key.substr(0, key.find('|'));
  } else if (topic == topics::kDecisions) {
    if (const auto decision = parse_decision_key(key)) {
      key = decision->work_key;
    }
  }
  return partition_for_key(key, partitions);
}

}  // namespace freshet
