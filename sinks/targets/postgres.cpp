#include "sinks/targets/postgres.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "core/json_writer.hpp"
#include "sinks/sink_spec.hpp"
#include "sinks/store_record.hpp"
#include "sinks/targets/change_retention.hpp"
#include "sinks/targets/copy_rows.hpp"
#include "sinks/targets/dead_letter_actions.hpp"
#include "sinks/targets/pg_session.hpp"
#include "sinks/targets/pg_store.hpp"
#include "sinks/targets/sink_offsets.hpp"
#include "sinks/targets/source_visibility.hpp"

namespace freshet {
namespace {

constexpr std::array kMediaTypes{MediaType::image, MediaType::audio};

/// `a = excluded.a, b = excluded.b`
std::string assignments(std::string_view columns) {
  std::string list;
  while (!columns.empty()) {
    const auto comma = columns.find(", ");
    const std::string_view name = columns.substr(0, comma);
    columns.remove_prefix(comma == std::string_view::npos ? columns.size() : comma + 2);
    if (name != "identifier") {
      fmt::format_to(std::back_inserter(list), "{}{} = excluded.{}", list.empty() ? "" : ", ", name,
                     name);
    }
  }
  return list;
}

/// Stages what COPY sends and upserts it. The filter keeps rows that are stored already from being
/// locked and thereby rewritten, so that a replay leaves even the pages alone; the last condition
/// decides when another writer came in between.
std::string upsert_sql(MediaType media_type) {
  const std::string_view columns = copy_columns(media_type);
  return fmt::format(
      "COPY pg_temp.staged_{0} ({1}) FROM STDIN (FORMAT binary); "
      "INSERT INTO {0} ({1}) SELECT {1} FROM pg_temp.staged_{0} s WHERE NOT EXISTS "
      "(SELECT FROM {0} t WHERE t.identifier = s.identifier AND t.revision >= s.revision) "
      "ON CONFLICT (identifier) DO UPDATE SET {2} WHERE {0}.revision < excluded.revision",
      to_string(media_type), columns, assignments(columns));
}

/// Adds the histories of decisions, `$1` being a JSON list of what `encode_decisions` makes. A line
/// is there for good once it is there, so no revision has to guard it. Kinds that the decoder does
/// not know were not looked at by it.
constexpr const char* kInsertDecisions =
    "INSERT INTO decision (identifier, kind, decision_id, action, decided_by, why, decided_at, "
    "media_type, provider, foreign_identifier) "
    "SELECT (w ->> 'identifier')::uuid, d.key, (e ->> 'decision_id')::uuid, e ->> 'action', "
    "e ->> 'by', e ->> 'why', (e ->> 'at')::timestamptz, w ->> 'media_type', w ->> 'provider', "
    "w ->> 'foreign_identifier' "
    "FROM jsonb_array_elements($1::jsonb) w, jsonb_each(w -> 'decisions') d, "
    "jsonb_array_elements(CASE WHEN d.key IN ('takedown', 'sensitive', 'erase') "
    "AND jsonb_typeof(d.value) = 'object' THEN d.value -> 'history' ELSE '[]' END) e "
    "WHERE d.key IN ('takedown', 'sensitive', 'erase') ON CONFLICT DO NOTHING";

/// `{"identifier","media_type","provider","foreign_identifier","decisions"}`
std::string encode_decisions(const StoreRecord& record) {
  std::string out;
  ObjectWriter object{out};
  object.text("identifier", record.identifier);
  object.text("media_type", to_string(record.media_type));
  object.text("provider", record.provider);
  object.text("foreign_identifier", record.foreign_identifier);
  object.raw("decisions", record.decisions);
  object.close();
  return out;
}

std::vector<std::string> session_setup() {
  std::vector<std::string> setup{
      // Rows and offsets are lost together, and then read again from Kafka: no batch has to wait
      // for the disk.
      "SET synchronous_commit = off",
      // The staged rows are few and never analysed: look each up by its identifier.
      "SET enable_hashjoin = off", "SET enable_mergejoin = off", "SET jit = off",
      "SET application_name = 'freshet sink postgres'"};
  for (const MediaType media_type : kMediaTypes) {
    setup.push_back(
        fmt::format("CREATE TEMPORARY TABLE staged_{0} (LIKE {0}) ON COMMIT DELETE ROWS",
                    to_string(media_type)));
  }
  return setup;
}

/// The rows of a batch that could be encoded.
struct EncodedRows {
  struct Row {
    std::size_t index;  ///< in the batch
    MediaType media_type;
    std::size_t begin;
    std::size_t end;
    std::string decisions;  ///< as `encode_decisions` makes it; mostly empty
  };
  std::string data;
  std::vector<Row> rows;
};

/// COPY data of those of some rows that are of one media type; empty when there are none.
std::string copy_data(const EncodedRows& encoded, std::span<const EncodedRows::Row> rows,
                      MediaType media_type) {
  std::string out;
  for (const EncodedRows::Row& row : rows) {
    if (row.media_type != media_type) {
      continue;
    }
    if (out.empty()) {
      out.reserve(encoded.data.size() + 64);
      begin_copy(out);
    }
    out.append(encoded.data, row.begin, row.end - row.begin);
  }
  if (!out.empty()) {
    end_copy(out);
  }
  return out;
}

class PostgresSink final : public Sink {
 public:
  explicit PostgresSink(PostgresOptions options)
      : options_{std::move(options)},
        session_{options_.dsn, session_setup(), options_.stop},
        offsets_{session_, options_.group, options_.topic} {
    for (const MediaType media_type : kMediaTypes) {
      upserts_.push_back(upsert_sql(media_type));
    }
  }

  Result<WriteReport> write(const SinkBatch& batch, PutAside& aside) override {
    if (auto opened = session_.ensure_open(); !opened) {
      return opened.error().error;
    }
    WriteReport report;
    const EncodedRows encoded = encode(batch, report);
    // Dead letters are safe before the offsets move past their records.
    if (auto put = aside.put(batch, report.rejected); !put) {
      return put.error();
    }
    auto stored = store(encoded, encoded.rows, batch.progress);
    if (!stored && stored.error().is_about_data()) {
      stored = store_in_halves(
          batch, std::span<const EncodedRows::Row>{encoded.rows}, report, aside,
          [&](std::span<const EncodedRows::Row> part, std::span<const PartitionProgress> progress) {
            return store(encoded, part, progress);
          },
          [](const PgFailure& failure) { return failure.is_about_data(); });
    }
    if (!stored) {
      return stored.error().error;
    }
    report.written = *stored;
    report.stale = batch.records.size() - report.rejected.size() - report.written;
    return report;
  }

  Result<std::map<kafka::Partition, kafka::Offset>> start_offsets(
      std::span<const kafka::Partition> partitions) override {
    if (auto opened = session_.ensure_open(); !opened) {
      return opened.error().error;
    }
    auto offsets = offsets_.start(partitions);
    if (!offsets) {
      return offsets.error().error;
    }
    return std::move(*offsets);
  }

  Result<void> check() override {
    if (auto opened = session_.ensure_open(); !opened) {
      return judge_store(opened.error());
    }
    if (auto done = session_.run("SELECT FROM sink_offsets LIMIT 0"); !done) {
      return judge_store(done.error());
    }
    return {};
  }

 private:
  EncodedRows encode(const SinkBatch& batch, WriteReport& report) {
    EncodedRows encoded;
    encoded.rows.reserve(batch.records.size());
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const auto record = decoder_.decode(batch.records[i]);
      if (!record) {
        report.rejected.push_back({i, record.error(), RefusedBy::encoder});
        continue;
      }
      const std::size_t begin = encoded.data.size();
      append_row(encoded.data, **record);
      encoded.rows.push_back(
          {i, (*record)->media_type, begin, encoded.data.size(),
           (*record)->decisions.empty() ? std::string{} : encode_decisions(**record)});
      report.left_out.insert(report.left_out.end(), (*record)->left_out.begin(),
                             (*record)->left_out.end());
    }
    return encoded;
  }

  /// One transaction. @return rows inserted or updated.
  PgStored store(const EncodedRows& encoded, std::span<const EncodedRows::Row> rows,
                 std::span<const PartitionProgress> progress) {
    return in_transaction(session_, [&] { return store_open(encoded, rows, progress); });
  }

  PgStored store_open(const EncodedRows& encoded, std::span<const EncodedRows::Row> rows,
                      std::span<const PartitionProgress> progress) {
    std::size_t written = 0;
    std::string begin = "BEGIN; ";
    for (const MediaType media_type : kMediaTypes) {
      const std::string data = copy_data(encoded, rows, media_type);
      if (data.empty()) {
        continue;
      }
      const auto done = session_.copy_in(
          std::exchange(begin, "") + upserts_[static_cast<std::size_t>(media_type)], data);
      if (!done) {
        return done.error();
      }
      written += affected_rows(*done);
    }
    if (!begin.empty()) {
      if (auto done = session_.run(begin); !done) {
        return done.error();
      }
    }
    if (auto failed = add_decisions(rows)) {
      return *failed;
    }
    if (auto failed = offsets_.move(progress)) {
      return *failed;
    }
    return written;
  }

  std::optional<PgFailure> add_decisions(std::span<const EncodedRows::Row> rows) {
    std::string list;
    for (const EncodedRows::Row& row : rows) {
      if (!row.decisions.empty()) {
        list += list.empty() ? '[' : ',';
        list += row.decisions;
      }
    }
    if (list.empty()) {
      return std::nullopt;
    }
    const auto added = session_.run(kInsertDecisions, {list + "]"});
    return added ? std::nullopt : std::optional{added.error()};
  }

  PostgresOptions options_;
  PgSession session_;
  SinkOffsets offsets_;
  CatalogDecoder decoder_;
  std::vector<std::string> upserts_;
};

}  // namespace

namespace {

/// What the database keeps besides the rows of works.
class BesidesRows final : public SinkCompanion {
 public:
  BesidesRows(const Config& config, Metrics& metrics, const std::stop_token& stop)
      : visibility_{make_source_visibility(config, metrics, stop)},
        actions_{make_dead_letter_actions(config, stop)},
        retention_{make_change_retention(config, stop)} {}
  bool is_done() const override { return visibility_->is_done() && actions_->is_done(); }

 private:
  std::unique_ptr<SinkCompanion> visibility_;
  std::unique_ptr<SinkCompanion> actions_;
  std::unique_ptr<SinkCompanion> retention_;
};

}  // namespace

std::unique_ptr<Sink> make_postgres_sink(PostgresOptions options) {
  return std::make_unique<PostgresSink>(std::move(options));
}

SinkSpec postgres_sink() {
  return {.role = role("sink.postgres"),
          .meaning = "Rows of the catalogue: detail pages, statistics, analysis",
          .make =
              [](const Config& config, const SinkSource& source, std::stop_token stop) {
                return make_postgres_sink(
                    {config.postgres.dsn, source.group, source.topic, std::move(stop)});
              },
          .companion = [](const Config& config, Metrics& metrics,
                          std::stop_token stop) -> std::unique_ptr<SinkCompanion> {
            return std::make_unique<BesidesRows>(config, metrics, stop);
          }};
}

}  // namespace freshet
