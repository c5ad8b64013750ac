#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/key.hpp"
#include "core/time.hpp"
#include "producers/output.hpp"
#include "producers/runner.hpp"

namespace freshet {

/// UUIDs that works had before, by work key.
using FormerIdentifiers = std::unordered_map<std::string, std::string>;

/// Reads lines of `key,uuid`; the key may itself hold commas.
/// @throws StartupError  the file cannot be read, or a line is something else; says which.
FormerIdentifiers read_former_identifiers(const std::string& path);

/// The time in a batch-era file's name, `…_YYYYMMDDhhmmss[_…].tsv`; nothing where there is none.
std::optional<UtcTime> time_in_file_name(std::string_view path);

struct TsvOptions {
  std::string path;  ///< `-`: standard input
  MediaType media_type = MediaType::image;
  UtcTime base;  ///< a sighting's time is this and its line number in microseconds
  std::optional<std::int64_t> limit;  ///< records emitted
  FormerIdentifiers former_identifiers;
};

struct TsvParts {
  const Clock& clock;
  Output& output;
  std::stop_token stop;
  std::function<void(const Refusal&)> on_refusal;         ///< may be null
  std::function<void(const Totals& counts)> on_progress;  ///< after each line; may be null
};

/// Turns a file of the batch system into sightings, in bounded memory.
///
/// Loading a file again gives the same bytes at the same times, so nothing changes. A line that
/// cannot be read is put aside with its number, and the other lines pass. A line `\.` ends the
/// file, as in a dump. There is no cursor: an interrupted load is started again from the beginning.
/// @return how it went; `outcome` failed: the file or the broker failed, `error` says why.
RunState run_tsv(const TsvOptions& options, const TsvParts& parts);

}  // namespace freshet
