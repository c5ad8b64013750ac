#include "producers/inaturalist/join.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "core/hash.hpp"
#include "core/log.hpp"
#include "producers/inaturalist/append_files.hpp"
#include "producers/inaturalist/lookup_table.hpp"
#include "producers/inaturalist/packed.hpp"
#include "producers/inaturalist/table_file.hpp"
#include "producers/inaturalist/taxa.hpp"

namespace freshet::bulk {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kObservationBytes = kUuidBytes + 2 * sizeof(std::uint64_t);
constexpr std::size_t kMostExtension = 5;
constexpr std::size_t kUnknownSizePieces = 256;
constexpr std::int64_t kEnoughLines = 10'000;  // to tell a few bad lines from another kind of file

struct Observation {
  std::array<char, kUuidBytes> uuid;
  std::uint64_t taxon_id;
  std::uint64_t line;
};

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() ? std::optional{number}
                                                                         : std::nullopt;
}

/// The 16 bytes of a UUID, whatever the case of its digits.
std::optional<std::array<char, kUuidBytes>> uuid_of(std::string_view text) {
  constexpr std::size_t kLength = 36;
  if (text.size() != kLength) {
    return std::nullopt;
  }
  std::array<char, kUuidBytes> uuid{};
  std::size_t byte = 0;
  for (std::size_t i = 0; i < kLength;) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') {
        return std::nullopt;
      }
      continue;
    }
    unsigned value = 0;
    const auto read = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (read.ec != std::errc{} || read.ptr != text.data() + i + 2) {
      return std::nullopt;
    }
    uuid.at(byte++) = static_cast<char>(value);
    i += 2;
  }
  return uuid;
}

std::size_t pieces_of(std::uint64_t bytes, std::uint64_t size, std::size_t most) {
  if (bytes == 0) {
    return std::min(kUnknownSizePieces, most);  // a server that does not tell
  }
  return std::clamp<std::size_t>(static_cast<std::size_t>(bytes / size + 1), 1, most);
}

// A place in the parts means the same only where files are cut in the same way.
std::string id_of(const std::vector<FileState>& files, std::size_t buckets, std::size_t parts) {
  std::string text = fmt::format("{}\n{}\n{}\n", kSnapshotFormat, buckets, parts);
  for (const FileState& file : files) {
    text += fmt::format("{}\n{}\n{}\n", file.name, file.bytes, file.version);
  }
  return to_hex(xxh3(text));
}

// What breaks a rule; where there is nothing, that is the fault.
Error fault_at(const TableFile& file, const char* field, const char* rule, std::string_view value) {
  if (value.empty()) {
    return {Errc::missing_field, field, "required",
            fmt::format("{}, line {}: {} is empty", file.name(), file.line(), field)};
  }
  return {Errc::invalid_value, field, rule,
          fmt::format("{}, line {}: {} '{}' breaks the rule {}", file.name(), file.line(), field,
                      value.substr(0, 100), rule)};
}

class Join {
 public:
  Join(SourceFiles& source, const std::vector<FileState>& files, fs::path folder,
       const JoinOptions& options, std::stop_token stop)
      : source_{source},
        files_{files},
        folder_{std::move(folder)},
        options_{options},
        stop_{std::move(stop)},
        faults_{folder_, work::kFaults, kSteps} {}

  Result<Snapshot> run() {
    if (auto begun = begin(); !begun) {
      return begun.error();
    }
    using Do = Result<void> (Join::*)();
    constexpr std::array<Do, kSteps> kAll{&Join::read_names,     &Join::read_taxa,
                                          &Join::read_observers, &Join::read_observations,
                                          &Join::read_photos,    &Join::join_buckets};
    while (!snapshot_.is_done()) {
      step_ = snapshot_.steps_done;
      lines_ = 0;
      if (auto done = (this->*kAll.at(step_))(); !done) {
        return done.error();
      }
      ++snapshot_.steps_done;
      if (auto kept = keep(); !kept) {
        return kept.error();
      }
      log::info("inaturalist_step_done", {{"step", step_ + 1}, {"of", kSteps}, {"lines", lines_}});
    }
    fs::remove_all(folder_ / work::kNames);
    return std::move(snapshot_);
  }

 private:
  // Goes on with what is there, if it is of the same files.
  Result<void> begin() {
    const auto bytes_of = [&](const char* table) {
      const auto found = std::find_if(files_.begin(), files_.end(), [&](const FileState& file) {
        return file.name == source_.name_of(table);
      });
      return found == files_.end() ? 0 : found->bytes;
    };
    const auto buckets = pieces_of(bytes_of(kObservations), options_.bucket_bytes, options_.most);
    const auto parts = pieces_of(bytes_of(kPhotos), options_.part_bytes, options_.most);
    const std::string id = id_of(files_, buckets, parts);
    const std::string boot = boot_of_machine();
    if (auto found = load_snapshot(folder_); found && found->id == id && found->boot == boot) {
      snapshot_ = std::move(*found);
      AppendFiles files{folder_, work::kParts, snapshot_.part_bytes.size()};
      const auto cut = faults_.cut({snapshot_.fault_bytes.begin(), snapshot_.fault_bytes.end()});
      if (cut && files.cut(snapshot_.part_bytes)) {
        return {};
      }
    }
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder_, error}) {
      if (entry.path().filename() != "lock") {
        fs::remove_all(entry.path(), error);
      }
    }
    snapshot_ = {};
    snapshot_.id = id;
    snapshot_.boot = boot;
    snapshot_.buckets = buckets;
    snapshot_.part_bytes.resize(parts);
    return faults_.cut({});
  }

  Result<void> keep() {
    if (auto flushed = faults_.flush(); !flushed) {
      return flushed;
    }
    std::copy(faults_.bytes().begin(), faults_.bytes().end(), snapshot_.fault_bytes.begin());
    snapshot_.faults += new_faults_;
    new_faults_ = 0;
    if (options_.on_keep) {
      options_.on_keep();
    }
    auto saved = save_snapshot(folder_, snapshot_);
    if (options_.on_keep) {
      options_.on_keep();
    }
    return saved;
  }

  Result<void> put_aside(const std::string& file, std::uint64_t line, Error error,
                         std::string_view text) {
    ++new_faults_;
    return faults_.append(
        step_, framed(pack(FaultyLine{file, line, std::move(error), std::string{text}})));
  }

  Result<void> go_on() const {
    constexpr std::int64_t kLinesPerLook = 4'096;
    if (lines_ % kLinesPerLook == 0 && stop_.stop_requested()) {
      return Error{Errc::timed_out, Retry::after_backoff, "stopped"};
    }
    return {};
  }

  /// @param take  says in `fault` what is wrong with the row.
  /// @error what ends the run; Errc::malformed_payload with the rule `columns`: most rows are
  ///        faulty, so the file is not what we take it for.
  Result<void> each_row(TableFile& file, std::initializer_list<TableFile::Column> columns,
                        const std::function<Result<void>(std::optional<Error>& fault)>& take) {
    if (auto opened = file.open(columns); !opened) {
      return opened;
    }
    std::int64_t lines = 0;
    std::int64_t faults = 0;
    for (;;) {
      if (auto may = go_on(); !may) {
        return may;
      }
      const auto next = file.next();
      if (!next) {
        return next.error();
      }
      if (*next == TableFile::Next::end) {
        return {};
      }
      ++lines_;
      ++lines;
      std::optional<Error> fault;
      if (*next == TableFile::Next::fault) {
        fault = file.fault();
      } else if (auto taken = take(fault); !taken) {
        return taken;
      }
      if (fault) {
        ++faults;
        if (lines >= kEnoughLines && faults * 2 > lines) {
          return Error{Errc::malformed_payload, "", "columns",
                       fmt::format("{}: {} of its first {} lines are faulty, the last: {}",
                                   file.name(), faults, lines, fault->message())};
        }
        if (auto put = put_aside(file.name(), static_cast<std::uint64_t>(file.line()),
                                 std::move(*fault), file.text());
            !put) {
          return put;
        }
      }
    }
  }

  Result<TableFile> names_file(const char* name) {
    auto source = source_.open_names(name);
    if (!source) {
      return source.error();
    }
    return TableFile{std::move(*source), source_.name_of(name)};
  }

  Result<TableFile> table_file(const char* name) {
    auto source = source_.open_table(name);
    if (!source) {
      return source.error();
    }
    return TableFile{std::move(*source), source_.name_of(name)};
  }

  Result<void> read_names() {
    auto table = LookupTable::make(folder_ / work::kNames);
    if (!table || !source_.has_names()) {
      return table ? (*table)->flush() : table.error();
    }
    if (auto fetched = source_.fetch_names(); !fetched) {
      return fetched;
    }
    NameTable names{**table};
    auto vernacular = names_file(kVernacularName);
    if (!vernacular) {
      return vernacular.error();
    }
    auto read =
        each_row(*vernacular, {{"taxonID"}, {"name", "taxon_name"}, {"country"}}, [&](auto&) {
          const auto& row = vernacular->row();
          return names.add_vernacular(row[0], row[1], row[2]);
        });
    if (!read) {
      return read;
    }
    auto usages = names_file(kNameUsage);
    if (!usages) {
      return usages.error();
    }
    read = each_row(*usages, {{"ID"}, {"scientificName"}}, [&](auto&) {
      const auto& row = usages->row();
      return names.add_usage(row[0], row[1], static_cast<std::uint64_t>(usages->line()));
    });
    std::error_code error;
    fs::remove(folder_ / "names.zip", error);
    return read ? (*table)->flush() : read;
  }

  Result<void> read_taxa() {
    auto names = LookupTable::open(folder_ / work::kNames);
    if (!names) {
      return names.error();
    }
    auto table = LookupTable::make(folder_ / work::kTaxa);
    if (!table) {
      return table.error();
    }
    const NameTable name_table{**names};
    TaxonTable taxa{**table};
    auto file = table_file(kTaxa);
    if (!file) {
      return file.error();
    }
    auto read = each_row(*file, {{"taxon_id"}, {"name"}, {"ancestry"}},
                         [&](std::optional<Error>& fault) -> Result<void> {
                           const auto& row = file->row();
                           const auto id = number_of(row[0]);
                           if (!id) {
                             fault = fault_at(*file, "taxon_id", "integer", row[0]);
                             return {};
                           }
                           const auto added = taxa.add(*id, row[1], row[2],
                                                       source_.has_names() ? &name_table : nullptr);
                           if (!added) {
                             return added.error();
                           }
                           if (!*added) {
                             fault = fault_at(*file, "taxon_id", "unique", row[0]);
                           }
                           return {};
                         });
    if (read) {
      read = taxa.finish();
    }
    return read ? (*table)->flush() : read;
  }

  Result<void> read_observers() {
    auto table = LookupTable::make(folder_ / work::kObservers);
    if (!table) {
      return table.error();
    }
    auto file = table_file(kObservers);
    if (!file) {
      return file.error();
    }
    std::string unused;
    auto read = each_row(*file, {{"observer_id"}, {"login"}, {"name"}},
                         [&](std::optional<Error>& fault) -> Result<void> {
                           const auto& row = file->row();
                           const auto id = number_of(row[0]);
                           if (!id) {
                             fault = fault_at(*file, "observer_id", "integer", row[0]);
                             return {};
                           }
                           const std::string key = number_key('o', *id);
                           const auto is_there = (*table)->get(key, unused);
                           if (!is_there) {
                             return is_there.error();
                           }
                           if (*is_there) {
                             fault = fault_at(*file, "observer_id", "unique", row[0]);
                             return {};
                           }
                           return (*table)->put(key, row[2].empty() ? row[1] : row[2]);
                         });
    return read ? (*table)->flush() : read;
  }

  std::size_t bucket_of(std::string_view uuid) const { return xxh3(uuid) % snapshot_.buckets; }

  Result<void> read_observations() {
    AppendFiles buckets{folder_, work::kObservations, snapshot_.buckets};
    if (auto cut = buckets.cut({}); !cut) {
      return cut;
    }
    auto file = table_file(kObservations);
    if (!file) {
      return file.error();
    }
    std::string record;
    auto read = each_row(*file, {{"observation_uuid"}, {"taxon_id"}},
                         [&](std::optional<Error>& fault) -> Result<void> {
                           const auto& row = file->row();
                           const auto uuid = uuid_of(row[0]);
                           if (!uuid) {
                             fault = fault_at(*file, "observation_uuid", "uuid", row[0]);
                             return {};
                           }
                           const auto taxon =
                               row[1].empty() ? std::optional<std::uint64_t>{0} : number_of(row[1]);
                           if (!taxon) {
                             fault = fault_at(*file, "taxon_id", "integer", row[1]);
                             return {};
                           }
                           const std::string_view bytes{uuid->data(), uuid->size()};
                           record.clear();
                           Packed packed{record};
                           packed.bytes(bytes);
                           packed.number(*taxon);
                           packed.number(static_cast<std::uint64_t>(file->line()));
                           return buckets.append(bucket_of(bytes), record);
                         });
    return read ? buckets.flush() : read;
  }

  Result<void> read_photos() {
    AppendFiles buckets{folder_, work::kPhotos, snapshot_.buckets};
    if (auto cut = buckets.cut({}); !cut) {
      return cut;
    }
    auto file = table_file(kPhotos);
    if (!file) {
      return file.error();
    }
    std::string record;
    auto read = each_row(*file,
                         {{"photo_id"},
                          {"observation_uuid"},
                          {"observer_id"},
                          {"extension"},
                          {"license"},
                          {"width"},
                          {"height"}},
                         [&](std::optional<Error>& fault) -> Result<void> {
                           const auto& row = file->row();
                           const auto id = number_of(row[0]);
                           const auto uuid = uuid_of(row[1]);
                           const auto observer = number_of(row[2]);
                           if (!id) {
                             fault = fault_at(*file, "photo_id", "integer", row[0]);
                           } else if (!uuid) {
                             fault = fault_at(*file, "observation_uuid", "uuid", row[1]);
                           } else if (!observer) {
                             fault = fault_at(*file, "observer_id", "integer", row[2]);
                           } else if (row[3].size() > kMostExtension) {
                             fault = fault_at(*file, "extension", "max_length", row[3]);
                           }
                           if (fault) {
                             return {};
                           }
                           const std::string_view bytes{uuid->data(), uuid->size()};
                           const PhotoRow photo{*id,       static_cast<std::uint64_t>(file->line()),
                                                *observer, std::nullopt,
                                                row[3],    row[4],
                                                row[5],    row[6]};
                           record.assign(bytes).append(pack(photo));
                           return buckets.append(bucket_of(bytes), framed(record));
                         });
    return read ? buckets.flush() : read;
  }

  Result<void> join_buckets() {
    AppendFiles parts{folder_, work::kParts, snapshot_.part_bytes.size()};
    AppendFiles observations{folder_, work::kObservations, snapshot_.buckets};
    AppendFiles photos{folder_, work::kPhotos, snapshot_.buckets};
    if (auto cut = parts.cut(snapshot_.part_bytes); !cut) {
      return cut;
    }
    std::error_code error;
    while (snapshot_.joined < snapshot_.buckets) {
      const std::size_t bucket = snapshot_.joined;
      if (auto joined = join_bucket(observations.path(bucket), photos.path(bucket), parts);
          !joined) {
        return joined;
      }
      if (auto flushed = parts.flush(); !flushed) {
        return flushed;
      }
      snapshot_.part_bytes = parts.bytes();
      snapshot_.photos += new_photos_;
      new_photos_ = 0;
      ++snapshot_.joined;
      if (auto kept = keep(); !kept) {
        return kept;
      }
      fs::remove(observations.path(bucket), error);
      fs::remove(photos.path(bucket), error);
    }
    return {};
  }

  Result<void> join_bucket(const fs::path& observations, const fs::path& photos,
                           AppendFiles& parts) {
    auto known = load_observations(observations);
    if (!known) {
      return known.error();
    }
    return each_record(photos, framed_size, [&](std::string_view record) -> Result<void> {
      ++lines_;
      if (auto may = go_on(); !may) {
        return may;
      }
      const std::string_view bytes = unframed(record);
      const std::string_view uuid = bytes.substr(0, kUuidBytes);
      PhotoRow photo = unpack_photo(bytes.substr(kUuidBytes));
      const auto found = std::lower_bound(
          known->begin(), known->end(), uuid, [](const Observation& one, std::string_view wanted) {
            return std::string_view{one.uuid.data(), one.uuid.size()} < wanted;
          });
      if (found != known->end() && std::string_view{found->uuid.data(), kUuidBytes} == uuid) {
        photo.taxon_id = found->taxon_id;
      }
      ++new_photos_;
      const std::string_view id{reinterpret_cast<const char*>(&photo.photo_id),
                                sizeof photo.photo_id};
      return parts.append(xxh3(id) % parts.count(), framed(pack(photo)));
    });
  }

  // Sorted. Of several with one id the first in the file holds, and the others are put aside.
  Result<std::vector<Observation>> load_observations(const fs::path& path) {
    std::vector<Observation> found;
    std::error_code error;
    const auto bytes = fs::file_size(path, error);
    found.reserve(error ? 0 : bytes / kObservationBytes);
    auto read = each_record(
        path,
        [](std::string_view left) {
          return left.size() < kObservationBytes ? std::size_t{0} : kObservationBytes;
        },
        [&](std::string_view record) {
          Observation& one = found.emplace_back();
          Unpacked packed{record};
          std::memcpy(one.uuid.data(), packed.bytes(kUuidBytes).data(), kUuidBytes);
          one.taxon_id = packed.number();
          one.line = packed.number();
          return Result<void>{};
        });
    if (!read) {
      return read.error();
    }
    // `memcmp`, as views compare: an array of chars would compare them as signed.
    const auto uuid = [](const Observation& one) {
      return std::string_view{one.uuid.data(), one.uuid.size()};
    };
    std::sort(found.begin(), found.end(), [&](const Observation& a, const Observation& b) {
      return uuid(a) != uuid(b) ? uuid(a) < uuid(b) : a.line < b.line;
    });
    const std::string file = source_.name_of(kObservations);
    for (std::size_t i = 1; i < found.size(); ++i) {
      if (found[i].uuid == found[i - 1].uuid) {
        auto put = put_aside(
            file, found[i].line,
            Error{Errc::invalid_value, "observation_uuid", "unique",
                  fmt::format("{}, line {}: an id that an earlier line has", file, found[i].line)},
            fmt::format("taxon_id {}", found[i].taxon_id));
        if (!put) {
          return put.error();
        }
      }
    }
    found.erase(
        std::unique(found.begin(), found.end(),
                    [](const Observation& a, const Observation& b) { return a.uuid == b.uuid; }),
        found.end());
    return found;
  }

  SourceFiles& source_;
  const std::vector<FileState>& files_;
  fs::path folder_;
  JoinOptions options_;
  std::stop_token stop_;
  Snapshot snapshot_;
  AppendFiles faults_;
  std::size_t step_ = 0;
  std::int64_t lines_ = 0;  // of the present step
  std::uint64_t new_faults_ = 0;
  std::uint64_t new_photos_ = 0;
};

}  // namespace

Result<Snapshot> join_files(SourceFiles& source, const std::vector<FileState>& files,
                            const fs::path& folder, const JoinOptions& options,
                            const std::stop_token& stop) {
  return Join{source, files, folder, options, stop}.run();
}

}  // namespace freshet::bulk
