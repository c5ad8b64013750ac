#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet::usage {

constexpr std::size_t kMostEventBytes = 8U << 10U;  ///< of one event as JSON
constexpr std::size_t kLongestText = 500;           ///< code points of any other text
constexpr std::size_t kLongestQuery = 200;          ///< as of a search
constexpr std::size_t kMostTexts = 50;
constexpr std::size_t kMostResults = 100;
constexpr std::size_t kMostFilters = 20;
constexpr std::int64_t kMostRank = 100'000;
/// Clocks of readers differ from ours by this much at most.
constexpr std::chrono::minutes kClockSkew{5};
/// An event that was kept back longer than this, while its browser was offline, is refused.
constexpr std::chrono::hours kOldest{7 * 24};

/// Who made an event: a reader's browser, or `api` on behalf of a program.
enum class Origin { web, api };
std::string_view to_string(Origin origin);

/// One record of `usage.events.v1` (schemas/records/usage-event.schema.json). Empty texts and
/// absent numbers were not given.
struct Event {
  std::string event_id;  ///< UUID in lower case: what a repeat is known by
  std::string type;      ///< one of `event_types()`
  UtcTime occurred_at;
  UtcTime received_at;
  std::string session_id;  ///< UUID in lower case
  std::string search_id;   ///< UUID in lower case: ties results, clicks and copies
  std::optional<std::string> query;
  std::string media_type;            ///< image, audio or all
  json::object filters;              ///< name to list of texts
  std::string result_id;             ///< UUID in lower case
  std::optional<std::int64_t> rank;  ///< from 0
  std::optional<std::int64_t> page;  ///< from 1
  std::string source;
  std::string agent;  ///< class of the program that sent it (`agent_class`)
  Origin origin = Origin::web;
  json::object payload;

  /// Records of a session are in one partition, in the order in which they came.
  const std::string& key() const { return session_id.empty() ? event_id : session_id; }
};

/// Reads one event as a browser sends it: without what only the server says (`received_at`,
/// `agent`, `origin`).
/// @param now  becomes `received_at`; the event may be `kClockSkew` ahead of it and `kOldest`
///             behind.
/// @error  Retry::never with field (`payload.format`) and rule: a member that is missing, of the
///         wrong kind, too long, or not known; a type that is not known; a time that is not
///         possible. An event larger than `kMostEventBytes` has the field ``.
Result<Event> read_sent_event(const json::value& sent, UtcTime now);

/// Reads the value of a record of `usage.events.v1`.
/// @error  as above; Errc::malformed_payload where it is no JSON.
Result<Event> read_event(std::string_view value);

/// The value of its record. Members without a value are left out.
std::string encode_event(const Event& event);

/// A class of programs from a User-Agent, which is not kept: desktop, mobile, bot, program, or
/// unknown where there is none.
std::string_view agent_class(std::string_view user_agent);

/// A UUID of version 4.
std::string make_event_id();

}  // namespace freshet::usage
