#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/arena.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// Times that a sighting may carry: 1970 to 2105, what the processors' tables hold in 52 bits.
inline constexpr UtcTime kEarliestSighting{0};
inline constexpr UtcTime kLatestSighting{(std::int64_t{1} << 52) - 1};

/// What a record of `media.raw.v1` says. Read, the views are of the record or an arena.
struct RawRecord {
  enum class Kind { sighting, removed, run_finished };
  Kind kind = Kind::sighting;
  UtcTime fetched_at{};
  std::string_view run_id{};             ///< empty: the record names none
  std::string_view former_identifier{};  ///< UUID of version 4; mostly empty
  /// The raw bytes of `work`, `removed` or `run_finished`, a JSON object.
  std::string_view body{};
  /// Read by the scanner: `body` runs to the end of the record, whatever is there. It is *not* yet
  /// known to be JSON: whoever uses it first parses it, and equal bytes that were accepted before
  /// need no second look.
  bool body_unchecked = false;
};

/// Appends a record up to its body, `{"seen":{"fetched_at":"…","run_id":"…"},"work":`, with
/// `former_identifier` behind `run_id` where there is one. Then comes the body, and what
/// `close_raw_record` appends. The bytes are a function of the content alone.
/// @param record  its time is of the years 1 to 9999; `body` is not looked at.
void open_raw_record(std::string& out, const RawRecord& record);
void close_raw_record(std::string& out);

/// All of a record.
std::string write_raw_record(const RawRecord& record);

/// Reads raw records, whoever wrote them.
///
/// @thread_safety  One thread each: it owns a parser.
class RawReader {
 public:
  RawReader();
  ~RawReader();
  RawReader(const RawReader&) = delete;
  RawReader& operator=(const RawReader&) = delete;

  /// A sighting in the form that `write_raw_record` gives it, to the byte, is cut by a scanner that
  /// looks at the first hundred bytes. Anything else is parsed whole: also one with a
  /// `former_identifier`, or a run whose name has other letters than printable ASCII.
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
