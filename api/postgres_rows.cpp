#include "api/postgres_rows.hpp"

namespace freshet::api {
namespace {

// One text for both statements, so that they cannot drift apart; `read_rows` reads in this order.
// Behind these are the fields that the record contract calls shown, in its order.
constexpr std::string_view kCommonColumns =
    "w.identifier, (extract(epoch from w.created_on) * 1000000)::bigint, "
    "(extract(epoch from w.updated_on) * 1000000)::bigint, "
    "(extract(epoch from w.last_synced_with_source) * 1000000)::bigint, "
    "w.meta_data ->> 'license_url', w.tags, to_jsonb(w.hidden_tags), to_jsonb(w.sensitivity)";
// A set is told the same way by all its tracks (the view decides how); a track whose set has no
// identifier has nothing but its own word for it.
constexpr std::string_view kAudioColumns =
    ", to_jsonb(w.genres), coalesce(to_jsonb(s), w.audio_set), w.alt_files";
constexpr std::string_view kAudioSet =
    " left join lateral (select * from audioset_view v where v.foreign_identifier = "
    "w.audio_set_foreign_identifier and v.provider = w.provider) s on true";

/// Calls use(field number, whether it is a text) for each field that is shown.
template <class Use>
void each_shown_field(Media media, Use use) {
  const MediaType media_type = media == Media::image ? MediaType::image : MediaType::audio;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (kFieldSpecs[i].is_shown && kFieldSpecs[i].is_of(media_type)) {
      use(i, kFieldSpecs[i].is_text());
    }
  }
}

std::string select_from(Media media) {
  std::string sql = "select ";
  sql += kCommonColumns;
  sql += media == Media::image ? "" : kAudioColumns;
  each_shown_field(media, [&](std::size_t field, bool /*is_text*/) {
    sql.append(", w.").append(kFieldSpecs[field].name);
  });
  sql += media == Media::image ? " from image_live w" : " from audio_live w";
  if (media == Media::audio) {
    sql += kAudioSet;
  }
  return sql;
}

class RowReader {
 public:
  explicit RowReader(const pqxx::row& row) : row_{row} {}

  std::optional<std::string> text() {
    const pqxx::field field = row_[next_++];
    return field.is_null() ? std::nullopt
                           : std::optional<std::string>{std::in_place, field.c_str(), field.size()};
  }
  std::optional<std::int64_t> integer() {
    const pqxx::field field = row_[next_++];
    return field.is_null() ? std::nullopt : std::optional{field.as<std::int64_t>()};
  }

 private:
  const pqxx::row& row_;
  pqxx::row::size_type next_ = 0;
};

}  // namespace

std::string rows_statement(Media media) {
  return select_from(media) + " where w.identifier = any ($1::uuid[])";
}

std::string former_statement(Media media) {
  return select_from(media) + " where w.former_identifiers @> array[$1::uuid] limit 1";
}

std::vector<WorkRow> read_rows(const pqxx::result& result, Media media) {
  std::vector<WorkRow> rows;
  rows.reserve(result.size());
  for (const pqxx::row& found : result) {
    RowReader next{found};
    WorkRow row;
    row.identifier = next.text().value_or("");
    row.created_micros = next.integer().value_or(0);
    row.updated_micros = next.integer().value_or(0);
    row.seen_micros = next.integer();
    row.stored_license_url = next.text();
    row.tags = next.text();
    row.hidden_tags = next.text();
    row.sensitivity = next.text();
    if (media == Media::audio) {
      row.genres = next.text();
      row.audio_set = next.text();
      row.alt_files = next.text();
    }
    each_shown_field(media, [&](std::size_t field, bool is_text) {
      if (is_text) {
        row.texts[field] = next.text();
      } else {
        row.numbers[field] = next.integer();
      }
    });
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string uuid_array(const std::vector<std::string>& identifiers) {
  std::string array = "{";
  for (const std::string& identifier : identifiers) {
    array += array.size() > 1 ? "," : "";
    array += identifier;
  }
  return array + "}";
}

}  // namespace freshet::api
