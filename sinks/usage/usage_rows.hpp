#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/usage/event.hpp"
#include "sinks/sink.hpp"
#include "sinks/usage/facts.hpp"

namespace freshet::usage {

/// Reads a record of `usage.events.v1`.
/// @error  Retry::never, with field and rule: Errc::unknown_schema, wrong_key, future_time, and
///         those of `read_event`.
Result<Event> decode_record(const SinkRecord& record, UtcTime now);

/// The columns of `append_row`, with commas between.
std::string_view row_columns();

/// Appends an event as a line of COPY in text form.
void append_row(std::string& out, const Event& event);

/// `{"a","b"}`: an array of texts for PostgreSQL.
class TextArray {
 public:
  void add(std::string_view text);
  std::string text() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

/// Parameters of the statement `upsert_rollups_sql`.
std::vector<std::string> rollup_parameters(const std::map<RollupKey, std::int64_t>& rollups);
std::string_view upsert_rollups_sql();

/// Parameters of the statement `upsert_clicks_sql`.
std::vector<std::string> click_parameters(const std::map<ClickKey, ClickCount>& clicks);
std::string_view upsert_clicks_sql();

}  // namespace freshet::usage
