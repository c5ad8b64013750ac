#include "processors/state/table_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "core/check.hpp"
#include "core/hash.hpp"

namespace freshet {
namespace {

constexpr std::uint64_t kMagic = 0x32656c6261746674;  // "tftable2", in a machine's own byte order
constexpr std::size_t kChunkBytes = 24UL * 43'690;    // about a megabyte of whole entries

struct Header {
  std::uint64_t magic = kMagic;
  std::int64_t partition = 0;
  ChangelogPositions positions;
  std::uint64_t count = 0;
  std::uint64_t is_complete = 1;
};

// Writes and sums up what passes through; the sum of a chunk is the seed of the next.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& file)
      : out_{file, std::ios::binary | std::ios::trunc} {}
  void put(std::string_view bytes) {
    sum_ = xxh3(bytes, sum_);
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  bool finish() {
    const std::uint64_t sum = sum_;
    out_.write(reinterpret_cast<const char*>(&sum), sizeof sum);
    out_.close();
    return out_.good();
  }

 private:
  std::ofstream out_;
  std::uint64_t sum_ = 0;
};

void append_entry(std::string& out, std::uint64_t hash, const HotEntry& entry) {
  const std::uint64_t words[3] = {
      hash, entry.fingerprint,
      static_cast<std::uint64_t>(entry.newest.micros) << 12U | entry.last_seen_day};
  out.append(reinterpret_cast<const char*>(words), sizeof words);
}

}  // namespace

void save_table_file(const std::filesystem::path& file, std::int32_t partition,
                     const HotTable& table, const ChangelogPositions& positions) {
  const std::filesystem::path unfinished = file.string() + ".new";
  Writer writer{unfinished};
  const Header header{kMagic, partition, positions, table.size(), table.is_complete() ? 1U : 0U};
  writer.put({reinterpret_cast<const char*>(&header), sizeof header});
  std::string chunk;
  chunk.reserve(kChunkBytes);
  table.each([&](std::uint64_t hash, const HotEntry& entry) {
    append_entry(chunk, hash, entry);
    if (chunk.size() >= kChunkBytes) {
      writer.put(chunk);
      chunk.clear();
    }
  });
  writer.put(chunk);
  std::error_code error;
  if (writer.finish()) {
    std::filesystem::rename(unfinished, file, error);
    if (!error) {
      return;
    }
  }
  throw WorkFailed("state: cannot write " + file.string());
}

std::optional<ChangelogPositions> load_table_file(const std::filesystem::path& file,
                                                  std::int32_t partition, HotTable& table) {
  std::ifstream in{file, std::ios::binary};
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(file, error);
  return error ? std::nullopt : read_table(in, bytes, partition, table);
}

std::optional<ChangelogPositions> read_table(std::istream& in, std::uintmax_t bytes,
                                             std::int32_t partition, HotTable& table) {
  Header header;
  std::uint64_t sum = 0;
  if (!in.read(reinterpret_cast<char*>(&header), sizeof header) || header.magic != kMagic ||
      header.partition != partition) {
    return std::nullopt;
  }
  sum = xxh3({reinterpret_cast<const char*>(&header), sizeof header}, sum);
  // Room is made for as many as the file has, not for what a damaged header says.
  const ChangelogPositions& saved_at = header.positions;
  if (saved_at.catalog < 0 || saved_at.seen < 0 || saved_at.totals < 0 ||
      bytes < sizeof header + sizeof sum ||
      header.count != (bytes - sizeof header - sizeof sum) / 24) {
    return std::nullopt;
  }
  table.reserve(header.count);
  // What was seen of a work that finds no room any more is known here only.
  bool fits = true;
  std::string chunk;
  std::uint64_t left = header.count;
  bool is_last = false;
  while (!is_last) {
    const std::uint64_t entries = std::min<std::uint64_t>(left, kChunkBytes / 24);
    is_last = entries < kChunkBytes / 24;  // the writer ends with a chunk that is not full
    chunk.resize(static_cast<std::size_t>(entries * 24));
    if (!in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()))) {
      table.clear();
      return std::nullopt;
    }
    sum = xxh3(chunk, sum);
    left -= entries;
    for (std::size_t at = 0; at < chunk.size(); at += 24) {
      std::array<std::uint64_t, 3> words;
      std::memcpy(words.data(), chunk.data() + at, 24);
      const HotEntry entry{words[1], UtcTime{static_cast<std::int64_t>(words[2] >> 12U)},
                           static_cast<std::uint16_t>(words[2] & 4095U)};
      fits = table.set(words[0], entry) && fits;
    }
  }
  std::uint64_t expected = 0;
  if (!in.read(reinterpret_cast<char*>(&expected), sizeof expected) || expected != sum || !fits) {
    table.clear();
    return std::nullopt;
  }
  if (header.is_complete == 0) {
    table.mark_incomplete();
  }
  return header.positions;
}

}  // namespace freshet
