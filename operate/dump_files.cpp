#include "operate/dump_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/check.hpp"
#include "core/text.hpp"

namespace freshet {

/// A file to which one frame is added.
struct DumpFiles::OpenFile {
  OpenFile(const std::filesystem::path& path, State& state)
      : name{path.string()},
        descriptor{::open(name.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644)},
        lines{[this, &state](std::string_view bytes) { write(bytes, state); }} {
    if (descriptor < 0) {
      throw WorkFailed{name + ": " + std::strerror(errno)};
    }
  }
  ~OpenFile() {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  void write(std::string_view bytes, State& state) const {
    state.digest.add(bytes);
    state.file.bytes += static_cast<std::int64_t>(bytes.size());
    while (!bytes.empty()) {
      const ssize_t done = ::write(descriptor, bytes.data(), bytes.size());
      if (done < 0 && errno != EINTR) {
        throw WorkFailed{name + ": " + std::strerror(errno)};
      }
      bytes.remove_prefix(done > 0 ? static_cast<std::size_t>(done) : 0);
    }
  }
  void finish() {
    lines.finish();
    if (::close(std::exchange(descriptor, -1)) != 0) {
      throw WorkFailed{name + ": " + std::strerror(errno)};
    }
  }

  const std::string name;
  int descriptor;
  ZstdLineWriter lines;
};

namespace {

// A file system takes 255 bytes.
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kKeptOfName = 160;
constexpr std::size_t kKeptOfDigest = 32;

/// Has a file on disk. Once for each file: to wait for the disk at each frame would take hours
/// where many sources take turns.
void sync_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool is_synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int fault = errno;
  if (descriptor >= 0) {
    ::close(descriptor);
  }
  if (!is_synced) {
    throw WorkFailed{path.string() + ": " + std::strerror(fault)};
  }
}

}  // namespace

std::string dump_path(std::string_view media_type, std::string_view source) {
  std::string name;
  if (source.empty()) {
    name += '=';
  }
  for (const char c : source) {
    if ((c >= 'a' && c <= 'z') || is_ascii_digit(c) || c == '_' || c == '-') {
      name += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name += '=';
      name += kHexDigits[byte >> 4U];
      name += kHexDigits[byte & 0xfU];
    }
  }
  if (name.size() > kLongestName) {
    FileDigest digest;
    digest.add(source);
    name.resize(kKeptOfName);
    name += "==" + digest.hex().substr(0, kKeptOfDigest);
  }
  return std::string{media_type} + '/' + name + ".jsonl.zst";
}

DumpFiles::DumpFiles(std::filesystem::path folder) : folder_{std::move(folder)} {}
DumpFiles::~DumpFiles() = default;

DumpFiles::State& DumpFiles::state_of(std::string_view media_type, std::string_view source) {
  const auto [found, is_new] = states_.try_emplace({std::string{media_type}, std::string{source}});
  State& state = found->second;
  if (is_new) {
    state.file.path = dump_path(media_type, source);
    state.file.media_type = media_type;
    state.file.source = source;
  }
  return state;
}

void DumpFiles::open(State& state) {
  if (opened_.size() >= kMostOpen) {
    close(*opened_.back());
  }
  const std::filesystem::path path = folder_ / state.file.path;
  std::filesystem::create_directories(path.parent_path());
  state.open = std::make_unique<OpenFile>(path, state);
  opened_.push_front(&state);
  state.place = opened_.begin();
}

void DumpFiles::close(State& state) {
  state.open->finish();
  state.open.reset();
  opened_.erase(state.place);
}

void DumpFiles::write_waiting(State& state) {
  open(state);
  waiting_bytes_ -= state.waiting.size();
  std::string_view lines = state.waiting;
  lines.remove_suffix(1);  // the writer ends the last one
  state.open->lines.write(lines);
  state.waiting = {};
}

DumpFiles::State& DumpFiles::longest_waiting() {
  State* longest = &states_.begin()->second;
  for (auto& [name, state] : states_) {
    if (state.waiting.size() > longest->waiting.size()) {
      longest = &state;
    }
  }
  return *longest;
}

void DumpFiles::add(std::string_view media_type, std::string_view source, std::string_view work) {
  State& state = state_of(media_type, source);
  ++state.file.works;
  if (state.open != nullptr) {
    opened_.splice(opened_.begin(), opened_, state.place);
    state.open->lines.write(work);
    return;
  }
  state.waiting.append(work) += '\n';
  waiting_bytes_ += work.size() + 1;
  if (state.waiting.size() >= kFrameBytes) {
    write_waiting(state);
  } else if (waiting_bytes_ > kWaitingBytes) {
    write_waiting(longest_waiting());
  }
}

std::vector<DumpedFile> DumpFiles::finish() {
  for (auto& [name, state] : states_) {
    if (!state.waiting.empty()) {
      write_waiting(state);
    }
  }
  while (!opened_.empty()) {
    close(*opened_.back());
  }
  std::vector<DumpedFile> files;
  for (auto& [name, state] : states_) {
    sync_file(folder_ / state.file.path);
    state.file.sha256 = state.digest.hex();
    files.push_back(state.file);
  }
  return files;
}

}  // namespace freshet
