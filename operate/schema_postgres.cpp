#include <fmt/format.h>

#include <map>

#include "core/check.hpp"
#include "core/postgres/connection.hpp"
#include "operate/one_line.hpp"
#include "operate/schema.hpp"

namespace freshet::schema {
namespace {

// Two `schema apply` at the same time: the second waits, and finds everything done.
constexpr std::int64_t kLock = 0x6672657368657401;
// One that is frozen from the start is noticed while connecting; a migration of large tables takes
// its time, and so does waiting for that of another process. SIGTERM ends both.
constexpr std::chrono::hours kApplyLimit{30 * 24};
constexpr std::chrono::seconds kStatusLimit{30};

struct Applied {
  std::string checksum;
  std::string applied_at;
};

bool has_table(pqxx::transaction_base& work) {
  return !work.exec1("SELECT to_regclass('schema_migrations')")[0].is_null();
}

std::map<std::string, Applied> read_applied(pqxx::transaction_base& work) {
  std::map<std::string, Applied> applied;
  if (!has_table(work)) {
    return applied;
  }
  for (const auto& row :
       work.exec("SELECT name, checksum, to_char(applied_at AT TIME ZONE 'UTC', "
                 "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM schema_migrations ORDER BY name")) {
    applied[row[0].as<std::string>()] = {row[1].as<std::string>(), row[2].as<std::string>()};
  }
  return applied;
}

std::vector<Entry> compare(std::span<const Migration> migrations,
                           std::map<std::string, Applied> applied) {
  std::vector<Entry> entries;
  for (const Migration& migration : migrations) {
    Entry entry{"postgres", "migration", std::string{migration.name}, State::pending, ""};
    if (const auto found = applied.find(entry.name); found != applied.end()) {
      const bool is_same = found->second.checksum == checksum_of(migration.sql);
      entry.state = is_same ? State::applied : State::differs;
      entry.detail = is_same ? found->second.applied_at
                             : "was applied with another text at " + found->second.applied_at;
      applied.erase(found);
    }
    entries.push_back(std::move(entry));
  }
  for (const auto& [name, what] : applied) {
    entries.push_back({"postgres", "migration", name, State::differs,
                       "applied at " + what.applied_at + " by a newer freshet"});
  }
  return entries;
}

template <class Use>
std::vector<Entry> with_connection(const std::string& dsn, Deadline deadline,
                                   const std::stop_token& stop, Use&& use) {
  postgres::Connection connection{{.dsn = dsn, .application = "freshet schema"}};
  auto entries = connection.run(deadline, stop, use);
  if (entries) {
    return std::move(*entries);
  }
  const auto error = entries.error();
  if (!stop.stop_requested() &&
      (error.errc() == Errc::unreachable || error.errc() == Errc::timed_out)) {
    throw StartupError{error.message()};
  }
  throw WorkFailed{error.message()};
}

void apply_one(pqxx::connection_base& connection, const Migration& migration) {
  pqxx::work work{connection, "migration"};
  try {
    work.exec(std::string{migration.sql});
  } catch (const pqxx::sql_error& error) {
    throw WorkFailed{fmt::format("migration {}: {}", migration.name, one_line(error.what()))};
  }
  work.exec_params("INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)",
                   std::string{migration.name}, checksum_of(migration.sql));
  work.commit();
}

void make_table(pqxx::connection_base& connection) {
  pqxx::work work{connection, "migrations table"};
  if (!has_table(work)) {
    work.exec(
        "CREATE TABLE schema_migrations (name text PRIMARY KEY, checksum text NOT NULL, "
        "applied_at timestamptz NOT NULL DEFAULT now())");
  }
  work.commit();
}

std::map<std::string, Applied> applied_in(pqxx::connection_base& connection) {
  pqxx::read_transaction work{connection};
  return read_applied(work);
}

}  // namespace

std::vector<Entry> postgres_status(const std::string& dsn, std::span<const Migration> migrations,
                                   const std::stop_token& stop) {
  return with_connection(dsn, Deadline::in(kStatusLimit), stop,
                         [&](pqxx::connection_base& connection) {
                           return compare(migrations, applied_in(connection));
                         });
}

std::vector<Entry> apply_postgres(const std::string& dsn, std::span<const Migration> migrations,
                                  const std::stop_token& stop) {
  return with_connection(
      dsn, Deadline::in(kApplyLimit), stop, [&](pqxx::connection_base& connection) {
        {
          // Held by the session, so until the connection ends.
          pqxx::nontransaction work{connection};
          work.exec_params("SELECT pg_advisory_lock($1)", kLock);
        }
        const auto before = compare(migrations, applied_in(connection));
        for (const Entry& entry : before) {
          if (entry.state == State::differs) {
            throw RefusedError{fmt::format("migration {}: {}", entry.name, entry.detail)};
          }
        }
        make_table(connection);
        for (std::size_t i = 0; i < migrations.size(); ++i) {
          if (before[i].state == State::pending) {
            apply_one(connection, migrations[i]);
          }
        }
        return compare(migrations, applied_in(connection));
      });
}

}  // namespace freshet::schema
