#include "api/dump_files.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "core/log.hpp"
#include "core/text.hpp"

namespace freshet::api {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifest = "manifest.json";

/// Names of dumps are ours: times, without anything that a path could be made of.
bool is_dump_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 &&
         std::ranges::all_of(name, [](char c) { return is_ascii_alphanumeric(c) || c == '-'; });
}

using Manifest = std::shared_ptr<const json::object>;

/// Manifests as they were read, until the file is another one: each file of a dump that is asked
/// for is looked up in it.
class Manifests {
 public:
  /// @return null where there is none, or one that cannot be read
  Manifest get(const fs::path& path) {
    std::error_code fault;
    const auto written_at = fs::last_write_time(path, fault);
    const auto bytes = fault ? 0 : fs::file_size(path, fault);
    if (fault) {
      return nullptr;  // not finished, or taken away
    }
    const std::scoped_lock lock{mutex_};
    const auto known = known_.find(path);
    if (known != known_.end() && known->second.written_at == written_at &&
        known->second.bytes == bytes) {
      return known->second.manifest;
    }
    if (known_.size() >= kMostKept) {
      known_.clear();
    }
    Manifest manifest = read(path);
    known_[path] = {written_at, bytes, manifest};
    return manifest;
  }

 private:
  static constexpr std::size_t kMostKept = 64;

  struct Known {
    fs::file_time_type written_at;
    std::uintmax_t bytes = 0;
    Manifest manifest;
  };

  static Manifest read(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object() || !value_at(*parsed, "/files").is_array()) {
      log::warn("dump_unusable", {{"manifest", path.string()}});
      return nullptr;
    }
    return std::make_shared<const json::object>(std::move(parsed->as_object()));
  }

  std::mutex mutex_;
  std::map<fs::path, Known> known_;
};

Manifest read_manifest(const fs::path& path) {
  static Manifests manifests;
  return manifests.get(path);
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, number);
  return !text.empty() && fault == std::errc{} && stopped == end ? std::optional{number}
                                                                 : std::nullopt;
}

}  // namespace

std::vector<Dump> list_dumps(const fs::path& folder) {
  std::vector<Dump> dumps;
  std::error_code fault;
  for (fs::directory_iterator it{folder, fault}; !fault && it != fs::directory_iterator{};
       it.increment(fault)) {
    std::string name = it->path().filename().string();
    if (!is_dump_name(name)) {
      continue;
    }
    if (const Manifest manifest = read_manifest(it->path() / kManifest)) {
      dumps.push_back({std::move(name), *manifest});
    }
  }
  std::ranges::sort(dumps, std::ranges::greater{}, &Dump::name);
  return dumps;
}

std::optional<DumpFile> find_dump_file(const fs::path& folder, std::string_view name) {
  const std::size_t slash = name.find('/');
  const std::string_view dump = name.substr(0, slash);
  if (folder.empty() || slash == name.npos || !is_dump_name(dump)) {
    return std::nullopt;
  }
  const fs::path base = folder / dump;
  const std::string_view file = name.substr(slash + 1);
  if (file == kManifest) {
    return fs::exists(base / kManifest) ? std::optional{DumpFile{base / kManifest, ""}}
                                        : std::nullopt;
  }
  const auto manifest = read_manifest(base / kManifest);
  if (!manifest) {
    return std::nullopt;
  }
  for (const json::value& entry : manifest->at("files").as_array()) {
    // Only what is listed: no other path leads anywhere.
    if (text_at(entry, "/path") == file) {
      return DumpFile{base / file, std::string{text_at(entry, "/sha256").value_or("")}};
    }
  }
  return std::nullopt;
}

std::optional<ByteRange> parse_range(std::string_view header, std::uint64_t file_bytes,
                                     RangeFault& fault) {
  fault = RangeFault::none;
  constexpr std::string_view kUnit = "bytes=";
  const std::size_t dash = header.find('-');
  if (!header.starts_with(kUnit) || dash == header.npos || header.find(',') != header.npos) {
    return std::nullopt;
  }
  const std::string_view from = trim_space(header.substr(kUnit.size(), dash - kUnit.size()));
  const std::string_view to = trim_space(header.substr(dash + 1));
  const auto first = read_number(from);
  const auto last = read_number(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (!first && !last) ||
      (first && last && *last < *first)) {
    return std::nullopt;
  }
  if (!first) {  // so many at the end
    if (*last == 0 || file_bytes == 0) {
      fault = RangeFault::cannot_be_satisfied;
      return std::nullopt;
    }
    const std::uint64_t size = std::min(*last, file_bytes);
    return ByteRange{file_bytes - size, size};
  }
  if (*first >= file_bytes) {
    fault = RangeFault::cannot_be_satisfied;
    return std::nullopt;
  }
  const std::uint64_t end = std::min(last.value_or(file_bytes - 1), file_bytes - 1);
  return ByteRange{*first, end - *first + 1};
}

}  // namespace freshet::api
