#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/key.hpp"
#include "core/record/envelope.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// The end of a producer's run, as a record of `media.raw.v1` tells it; views are into that record.
struct FinishedRun {
  std::string_view scope;  ///< `image:met`
  std::string_view provider;
  UtcTime started_at;     ///< in whole milliseconds
  bool is_whole = false;  ///< it asked the source for everything
  bool has_gaps = false;  ///< some of what it got could not be read
};

/// Key of such a record: `run:<media_type>:<provider>`.
std::string finished_run_key(MediaType media_type, std::string_view provider);

/// A raw record with the body `{"media_type", "provider", "started_at", "complete"[, "rejected"]}`.
/// @param rejected  raw records of the run that could not be read. Their works are not gone, and
///                  nobody can say which works they are, so the run removes nothing without
///                  approval.
std::string write_finished_run(MediaType media_type, std::string_view provider, UtcTime started_at,
                               std::int64_t rejected, UtcTime fetched_at, std::string_view run_id);

/// @param key  `run:<media type>:<provider>`. @param raw  of kind `run_finished`.
/// @error Errc::wrong_key: the key names no provider, or another one than the record.
///        Errc::malformed_payload, invalid_value: a member is missing or has no meaning.
/// @thread_safety  Pure function.
Result<FinishedRun> read_finished_run(std::string_view key, const RawRecord& raw);

}  // namespace freshet
