#pragma once

#include <memory>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"
#include "processors/work.hpp"

namespace freshet {

/// What a record of `media.raw.v1` says, as views into the record or an arena.
struct RawRecord {
  enum class Kind { sighting, removed, run_finished };
  Kind kind = Kind::sighting;
  UtcTime fetched_at;
  std::string_view former_identifier;  ///< UUID of version 4; mostly empty
  /// The raw bytes of `work`, `removed` or `run_finished`. Of a sighting in the producers' own form
  /// they are *not* yet known to be JSON: whoever uses them first parses them, and equal bytes that
  /// were accepted before need no second look.
  std::string_view body;
  bool is_cut = false;  ///< by the scanner: `body` runs to the end of the record, whatever is there
};

/// Reads the envelope of raw records.
///
/// @thread_safety  One thread each: it owns a parser.
class RawReader {
 public:
  RawReader();
  ~RawReader();
  RawReader(const RawReader&) = delete;
  RawReader& operator=(const RawReader&) = delete;

  /// The form that our producers write, `{"seen":{"fetched_at":"…","run_id":"…"},"work":{…}}` to
  /// the byte, is cut by a scanner that looks at the first hundred bytes; anything else is parsed
  /// whole.
  /// @error Errc::malformed_payload, missing_field or invalid_value with field and rule.
  Result<RawRecord> read(std::string_view value, Arena& arena);
  /// The same without the scanner: for a record of that form whose body was no JSON after all,
  /// because a member that we do not know stands behind it.
  Result<RawRecord> read_whole(std::string_view value, Arena& arena);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
