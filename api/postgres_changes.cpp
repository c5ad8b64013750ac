#include "api/postgres_changes.hpp"

#include <functional>

#include "api/postgres_pool.hpp"
#include "core/json.hpp"

namespace freshet::api {
namespace {

// All of one statement sees one snapshot: what is read, how far it may be read, and what the works
// are. Parameters: transaction and number of the entry before, how many, and the filter. What is
// compared with the filter is folded as `ChangeFilter` does it: the letters of ASCII alone.
constexpr const char* kRead =
    "select c.xid::text, c.number, c.media_type, c.identifier, c.revision, c.was_live, c.is_live, "
    "c.status, c.was_source, c.was_license, c.source, c.license, "
    "to_char(c.changed_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
    "exists (select from source_visibility v where v.hidden and lower(v.source) = "
    "lower(c.source)), "
    "case when c.is_live and ($4 = '' or c.media_type = $4) "
    "and ($5 = '{}' or lower(c.source collate \"C\") = any ($5::text[])) "
    "and ($6 = '{}' or lower(c.license collate \"C\") = any ($6::text[])) then case c.media_type "
    "when 'image' then (select row_to_json(w)::text from image_public w "
    "where w.id = c.identifier and w.revision = c.revision) "
    "when 'audio' then (select row_to_json(w)::text from audio_public w "
    "where w.id = c.identifier and w.revision = c.revision) end end "
    "from (select * from work_change where (xid, number) > ($1::text::xid8, $2::bigint) "
    "and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, number limit $3) c "
    "order by c.xid, c.number";

constexpr const char* kBounds =
    "select s.epoch, s.xid::text, s.number, b.xmin::text, coalesce(l.xid, s.xid)::text, "
    "coalesce(l.number, s.number) from work_change_start s "
    "cross join (select pg_snapshot_xmin(pg_current_snapshot()) as xmin) b "
    "left join lateral (select c.xid, c.number from work_change c where c.xid < b.xmin "
    "order by c.xid desc, c.number desc limit 1) l on true";

postgres::ConnectionOptions connection_options(const std::string& dsn) {
  postgres::ConnectionOptions options{.dsn = dsn, .application = "freshet api changes"};
  options.setup = {"set statement_timeout = 4500", "set default_transaction_read_only = on",
                   "set jit = off"};
  return options;
}

/// `{"a","b"}`, whatever is in them.
std::string text_array(const std::vector<std::string>& values) {
  std::string array = "{";
  for (const std::string& value : values) {
    array += array.size() > 1 ? ",\"" : "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') {
        array += '\\';
      }
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

std::optional<std::string> text_or_none(const pqxx::field& field) {
  return field.is_null() ? std::nullopt
                         : std::optional<std::string>{std::in_place, field.c_str(), field.size()};
}

ChangeEntry read_entry(const pqxx::row& row, const std::string& epoch) {
  ChangeEntry entry;
  entry.at = {epoch, row[0].as<std::uint64_t>(), row[1].as<std::int64_t>()};
  entry.media_type = row[2].as<std::string>();
  entry.identifier = text_or_none(row[3]).value_or("");
  entry.revision = row[4].as<std::int64_t>();
  entry.was_live = row[5].as<bool>();
  entry.is_live = row[6].as<bool>();
  entry.status = row[7].as<std::string>();
  entry.was_source = text_or_none(row[8]);
  entry.was_license = text_or_none(row[9]);
  entry.source = text_or_none(row[10]);
  entry.license = text_or_none(row[11]);
  entry.changed_at = row[12].as<std::string>();
  entry.is_source_hidden = row[13].as<bool>();
  entry.work = text_or_none(row[14]);
  return entry;
}

}  // namespace

struct PostgresChanges::Impl {
  Impl(const std::string& dsn, int connections) : pool{connection_options(dsn), connections} {}
  PostgresPool pool;
};

PostgresChanges::PostgresChanges(const std::string& dsn, int connections)
    : impl_{std::make_unique<Impl>(dsn, connections)} {}

PostgresChanges::~PostgresChanges() = default;

Task<Result<FeedBounds>> PostgresChanges::bounds(Deadline deadline) {
  std::function<FeedBounds(pqxx::connection_base&)> ask = [](pqxx::connection_base& open) {
    pqxx::nontransaction session{open};
    const pqxx::row row = session.exec1(kBounds);
    const std::string epoch = row[0].as<std::string>();
    return FeedBounds{{epoch, row[1].as<std::uint64_t>(), row[2].as<std::int64_t>()},
                      {epoch, row[3].as<std::uint64_t>(), 0},
                      {epoch, row[4].as<std::uint64_t>(), row[5].as<std::int64_t>()}};
  };
  co_return co_await impl_->pool.run<FeedBounds>(deadline, std::move(ask));
}

Task<Result<std::vector<ChangeEntry>>> PostgresChanges::read(FeedPosition after,
                                                             ChangeFilter filter, int most,
                                                             Deadline deadline) {
  std::function<std::vector<ChangeEntry>(pqxx::connection_base&)> ask =
      [after = std::move(after), filter = std::move(filter), most](pqxx::connection_base& open) {
        pqxx::nontransaction session{open};
        const std::string media{filter.media ? store_name(*filter.media) : ""};
        const pqxx::result rows =
            session.exec_params(kRead, std::to_string(after.xid), after.number, most, media,
                                text_array(filter.sources), text_array(filter.licenses));
        std::vector<ChangeEntry> entries;
        entries.reserve(rows.size());
        for (const pqxx::row& row : rows) {
          entries.push_back(read_entry(row, after.epoch));
        }
        return entries;
      };
  co_return co_await impl_->pool.run<std::vector<ChangeEntry>>(deadline, std::move(ask));
}

}  // namespace freshet::api
