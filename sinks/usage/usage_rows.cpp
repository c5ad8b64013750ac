#include "sinks/usage/usage_rows.hpp"

#include "core/topics.hpp"

namespace freshet::usage {
namespace {

/// Ahead of our clock a server's may be by this much.
constexpr std::chrono::hours kMostAhead{1};

void append_copy_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
}

/// A line of COPY, column by column.
class Line {
 public:
  explicit Line(std::string& out) : out_{out} {}
  void text(std::string_view value) {
    begin();
    append_copy_text(out_, value);
  }
  void null() {
    begin();
    out_ += "\\N";
  }
  void filled(std::string_view value) { value.empty() ? null() : text(value); }
  void integer(const std::optional<std::int64_t>& value) {
    value ? text(std::to_string(*value)) : null();
  }
  void object(const json::object& value) { value.empty() ? null() : text(to_json(value)); }
  void end() { out_ += '\n'; }

 private:
  void begin() {
    if (!is_first_) {
      out_ += '\t';
    }
    is_first_ = false;
  }
  std::string& out_;
  bool is_first_ = true;
};

Error refused(Errc errc, std::string field, std::string rule) {
  std::string message = field + ": " + rule;
  return {errc, std::move(field), std::move(rule), std::move(message)};
}

}  // namespace

Result<Event> decode_record(const SinkRecord& record, UtcTime now) {
  if (!record.schema.empty() && record.schema != schema_header::kUsageEvent) {
    return refused(Errc::unknown_schema, "schema",
                   "must be " + std::string{schema_header::kUsageEvent});
  }
  auto event = read_event(record.value);
  if (!event) {
    return event.error();
  }
  if (record.key != event->key()) {
    return refused(Errc::wrong_key, "key", "must be the session_id, else the event_id");
  }
  if (event->received_at > now + kMostAhead) {
    return refused(Errc::future_time, "received_at", "must not be in the future");
  }
  return event;
}

std::string_view row_columns() {
  return "event_id, day, type, occurred_at, received_at, agent, origin, session_id, search_id, "
         "query, media_type, filters, result_id, rank, page, source, payload";
}

void append_row(std::string& out, const Event& event) {
  Line line{out};
  line.text(event.event_id);
  line.text(format_date(event.occurred_at));
  line.text(event.type);
  line.text(format_millis(event.occurred_at));
  line.text(format_millis(event.received_at));
  line.text(event.agent);
  line.text(to_string(event.origin));
  line.filled(event.session_id);
  line.filled(event.search_id);
  event.query ? line.text(*event.query) : line.null();
  line.filled(event.media_type);
  line.object(event.filters);
  line.filled(event.result_id);
  line.integer(event.rank);
  line.integer(event.page);
  line.filled(event.source);
  line.object(event.payload);
  line.end();
}

void TextArray::add(std::string_view text) {
  text_ += text_.size() > 1 ? ",\"" : "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
    }
    text_ += c;
  }
  text_ += '"';
}

std::vector<std::string> rollup_parameters(const std::map<RollupKey, std::int64_t>& rollups) {
  TextArray days;
  TextArray measures;
  TextArray labels;
  TextArray sublabels;
  TextArray events;
  for (const auto& [key, count] : rollups) {
    days.add(key.day);
    measures.add(key.measure);
    labels.add(key.label);
    sublabels.add(key.sublabel);
    events.add(std::to_string(count));
  }
  return {days.text(), measures.text(), labels.text(), sublabels.text(), events.text()};
}

std::string_view upsert_rollups_sql() {
  return "INSERT INTO usage_rollup AS r (day, measure, label, sublabel, events) "
         "SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::bigint[]) "
         "ON CONFLICT (day, measure, label, sublabel) "
         "DO UPDATE SET events = r.events + excluded.events";
}

std::vector<std::string> click_parameters(const std::map<ClickKey, ClickCount>& clicks) {
  TextArray hours;
  TextArray identifiers;
  TextArray ranks;
  TextArray media;
  TextArray impressions;
  TextArray counts;
  for (const auto& [key, count] : clicks) {
    hours.add(key.hour);
    identifiers.add(key.identifier);
    ranks.add(std::to_string(key.rank));
    media.add(count.media_type);
    impressions.add(std::to_string(count.impressions));
    counts.add(std::to_string(count.clicks));
  }
  return {hours.text(), identifiers.text(), ranks.text(),
          media.text(), impressions.text(), counts.text()};
}

std::string_view upsert_clicks_sql() {
  return "INSERT INTO usage_click AS c (hour, identifier, rank, media_type, impressions, clicks) "
         "SELECT h, i, r, nullif(m, ''), shown, chosen FROM unnest($1::timestamptz[], $2::uuid[], "
         "$3::int[], $4::text[], $5::bigint[], $6::bigint[]) AS u (h, i, r, m, shown, chosen) "
         "ON CONFLICT (hour, identifier, rank) DO UPDATE SET "
         "media_type = coalesce(c.media_type, excluded.media_type), "
         "impressions = c.impressions + excluded.impressions, "
         "clicks = c.clicks + excluded.clicks, is_said = false";
}

}  // namespace freshet::usage
