#include "operate/rebuild_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/postgres/conninfo.hpp"
#include "core/stop.hpp"
#include "operate/one_line.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kLock = 0x6672657368657402;
constexpr auto kShort = 30s;
constexpr auto kLong = std::chrono::hours{24};  // counts of every row, statistics, indexes
// A sink's transaction takes milliseconds, a long report minutes: while the swap waits behind one,
// everybody else waits behind the swap. So it waits for a moment, and tries again.
constexpr const char* kSwapPatience = "SET LOCAL lock_timeout = '500ms'";
constexpr int kSwapTries = 120;
constexpr auto kSwapPause = 500ms;
constexpr std::string_view kLockTimeout = "55P03";
constexpr std::string_view kDeadlock = "40P01";

/// What a table has that a new one would lack, in words. The triggers of the change feed are ours
/// to move.
constexpr const char* kObstacles = R"sql(
  SELECT 'the trigger ' || tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE tgrelid = $1::regclass AND NOT tgisinternal
      AND p.proname NOT IN ('log_new_works', 'log_changed_works', 'log_deleted_works',
                            'drop_audio_peaks')
  UNION ALL
  SELECT 'the foreign key ' || conname || ' of ' || conrelid::regclass FROM pg_constraint
    WHERE contype = 'f' AND $1::regclass IN (conrelid, confrelid)
  UNION ALL
  SELECT 'the row security policy ' || polname FROM pg_policy WHERE polrelid = $1::regclass
  UNION ALL
  SELECT 'the rule ' || rulename FROM pg_rewrite WHERE ev_class = $1::regclass
  UNION ALL
  SELECT 'the publication ' || p.pubname FROM pg_publication_rel r
    JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = $1::regclass
  UNION ALL
  SELECT 'an inheritance with ' || inhparent::regclass || ' and ' || inhrelid::regclass
    FROM pg_inherits WHERE $1::regclass IN (inhparent, inhrelid)
  UNION ALL
  SELECT DISTINCT 'the materialized view ' || c.oid::regclass FROM pg_depend d
    JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = $1::regclass AND c.relkind = 'm'
)sql";

/// `ALTER TABLE` and `GRANT` statements that give `$2` what `$1` has besides columns, checks and
/// indexes; both are tables as SQL text.
constexpr const char* kTraits = R"sql(
  WITH used AS (SELECT * FROM pg_class WHERE oid = $1::regclass)
  SELECT format('ALTER TABLE %s SET (%s)', $2::text, array_to_string(reloptions, ', ')) FROM used
    WHERE reloptions IS NOT NULL
  UNION ALL
  SELECT format('ALTER TABLE %s SET (%s)', $2::text,
                (SELECT string_agg('toast.' || o, ', ') FROM unnest(t.reloptions) o))
    FROM used u JOIN pg_class t ON t.oid = u.reltoastrelid WHERE t.reloptions IS NOT NULL
  UNION ALL
  SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, $2::text,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM used u, aclexplode(u.relacl) a
    WHERE a.grantee <> u.relowner AND a.privilege_type <> 'MAINTAIN'
  UNION ALL
  SELECT format('GRANT %s (%I) ON %s TO %s%s', a.privilege_type, c.attname, $2::text,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_attribute c, aclexplode(c.attacl) a
    WHERE c.attrelid = $1::regclass AND NOT c.attisdropped
  UNION ALL
  SELECT format('ALTER TABLE %s OWNER TO %s', $2::text, relowner::regrole) FROM used
    WHERE relowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
)sql";

/// Statements that make the indexes of `$1` under their names for `$2`. The server writes the table
/// of an index with its schema.
constexpr const char* kIndexes = R"sql(
  SELECT CASE WHEN c.oid IS NOT NULL
    THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s', $2::text, c.conname, pg_get_constraintdef(c.oid))
    ELSE regexp_replace(pg_get_indexdef(i.indexrelid), ' ON (ONLY )?\S+ USING ',
                        format(' ON %s USING ', $2::text)) END
  FROM pg_index i LEFT JOIN pg_constraint c
    ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x')
  WHERE i.indrelid = $1::regclass AND i.indisvalid ORDER BY c.oid IS NULL, i.indexrelid
)sql";

/// Views that read one of the tables `$1`.
constexpr const char* kViewsOf = R"sql(
  FROM pg_class v WHERE v.relkind = 'v' AND v.oid IN (
    SELECT r.ev_class FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid = ANY ($1::regclass[])) ORDER BY v.oid
)sql";

/// Statements that make each of them read what is named so when they are carried out. A view that
/// is replaced keeps its rights and those that read it.
constexpr const char* kViews = R"sql(
  SELECT format('CREATE OR REPLACE VIEW %s%s AS %s', v.oid::regclass,
                coalesce(' WITH (' || array_to_string(v.reloptions, ', ') || ')', ''),
                pg_get_viewdef(v.oid))
)sql";

/// The triggers of `$1`, by name, and the statement that makes each.
constexpr const char* kTriggers =
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger "
    "WHERE tgrelid = $1::regclass AND NOT tgisinternal ORDER BY tgname";

/// What the filling wrote was told to no reader of the change feed, and what it wrote before the
/// sink in use did is no change to that sink any more. So the feed begins anew, under another name:
/// its readers are told, and begin with a dump. It begins where it is read up to: behind that, a
/// reader who begins now would stand before its start as long as an older transaction runs.
constexpr const char* kNewFeed =
    "TRUNCATE work_change; "
    "UPDATE work_change_start SET epoch = left(encode(uuid_send(gen_random_uuid()), 'hex'), 12), "
    "xid = pg_snapshot_xmin(pg_current_snapshot()), number = 0";

/// Image before audio, as sinks lock them.
constexpr const char* kTables =
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname IN ('image', 'audio', 'sink_offsets') "
    "ORDER BY c.relname DESC";

std::vector<std::string> texts(const pqxx::result& rows) {
  std::vector<std::string> list;
  for (const auto& row : rows) {
    list.push_back(row[0].as<std::string>());
  }
  return list;
}

void execute_all(pqxx::work& work, const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) {
    work.exec(statement);
  }
}

/// The server waited in vain for readers or writers of the tables.
struct TablesAreBusy {};

std::optional<std::int64_t> revision(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional{field.as<std::int64_t>()};
}

}  // namespace

template <class Work>
auto RebuildTables::in_transaction(std::chrono::milliseconds limit, Work work) {
  using Given = std::invoke_result_t<Work&, pqxx::work&>;
  auto answer = connection_.run(Deadline::in(limit), stop_, [&](pqxx::connection_base& open) {
    pqxx::work transaction{open};
    // The session has it already, unless this is the first time or the connection was lost.
    if (!transaction.exec_params1("SELECT pg_try_advisory_lock($1)", kLock)[0]
             .template as<bool>()) {
      throw RefusedError{"another rebuild of PostgreSQL runs"};
    }
    if constexpr (std::is_void_v<Given>) {
      work(transaction);
      transaction.commit();
      return true;
    } else {
      auto given = work(transaction);
      transaction.commit();
      return given;
    }
  });
  if (!answer) {
    const Error& error = answer.error();
    if (error.errc() == Errc::unreachable && !stop_.stop_requested()) {
      throw StartupError{error.message()};
    }
    throw WorkFailed{one_line(error.message())};
  }
  if constexpr (!std::is_void_v<Given>) {
    return std::move(*answer);
  }
}

RebuildTables::RebuildTables(const std::string& dsn, std::string topic, std::string live_group,
                             std::string group, std::stop_token stop)
    : dsn_{dsn},
      topic_{std::move(topic)},
      live_group_{std::move(live_group)},
      group_{std::move(group)},
      stop_{std::move(stop)},
      connection_{{.dsn = dsn, .application = "freshet rebuild"}} {
  in_transaction(kShort, [&](pqxx::work& work) {
    const auto found = work.exec(
        "SELECT n.nspname, quote_ident(n.nspname) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.oid = to_regclass('sink_offsets')");
    if (found.empty()) {
      throw RefusedError{"PostgreSQL has no table sink_offsets: run `freshet schema apply`"};
    }
    name_ = found[0][0].as<std::string>();
    home_ = found[0][1].as<std::string>();
    filling_ = work.quote_name(name_ + "_filling");
    previous_ = work.quote_name(name_ + "_previous");
  });
}

RebuildTables::State RebuildTables::state() {
  return in_transaction(kShort, [&](pqxx::work& work) {
    State state;
    for (const std::string& name : texts(work.exec_params(kTables, name_ + "_filling"))) {
      if (name == "sink_offsets") {
        state.is_under_way = true;
      } else {
        state.filling.push_back(name);
      }
    }
    for (const std::string& name : texts(work.exec_params(kTables, name_ + "_previous"))) {
      if (name != "sink_offsets") {
        state.previous.push_back(name);
      }
    }
    return state;
  });
}

void RebuildTables::make_offsets(pqxx::work& work, const std::string& schema) const {
  work.exec(
      fmt::format("CREATE SCHEMA IF NOT EXISTS {0}; CREATE TABLE IF NOT EXISTS "
                  "{0}.sink_offsets (LIKE {1}.sink_offsets INCLUDING ALL)",
                  schema, home_));
}

void RebuildTables::create(const std::vector<std::string>& media_types) {
  in_transaction(kShort, [&](pqxx::work& work) {
    make_offsets(work, filling_);
    for (const std::string& media : media_types) {
      const std::string used = home_ + "." + media;
      const std::string made = filling_ + "." + media;
      const auto obstacles = texts(work.exec_params(kObstacles, used));
      if (!obstacles.empty()) {
        throw RefusedError{fmt::format(
            "table {} has {}, which a new table would lack: take it away, and make it again after",
            used, fmt::join(obstacles, ", "))};
      }
      work.exec(
          fmt::format("CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES)", made, used));
      execute_all(work, texts(work.exec_params(kIndexes, used, made)));
      // The last: who is not the owner may not give rights.
      execute_all(work, texts(work.exec_params(kTraits, used, made)));
    }
  });
}

std::string RebuildTables::filling_dsn() {
  return postgres::with_search_path(dsn_, {filling_, home_});
}

void RebuildTables::analyze(const std::vector<std::string>& media_types) {
  for (const std::string& media : media_types) {
    in_transaction(
        kLong, [&](pqxx::work& work) { work.exec(fmt::format("ANALYZE {}.{}", filling_, media)); });
  }
}

std::string RebuildTables::in_use(const std::vector<std::string>& media_types) const {
  std::string tables;
  for (const std::string& media : media_types) {
    tables += (tables.empty() ? "" : ",") + home_ + "." + media;
  }
  return "{" + tables + "}";
}

/// Views first, as who reads one locks it before its tables.
std::string RebuildTables::lock_statement(pqxx::work& work,
                                          const std::vector<std::string>& media_types,
                                          const std::string& other) const {
  std::vector<std::string> names = texts(
      work.exec_params(std::string{"SELECT v.oid::regclass "} + kViewsOf, in_use(media_types)));
  for (const std::string& media : media_types) {
    names.push_back(home_ + "." + media);
    names.push_back(other + "." + media);
  }
  return fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", fmt::join(names, ", "));
}

/// From the filled schema into use, and from use into the previous schema.
void RebuildTables::move(pqxx::work& work, const std::vector<std::string>& media_types) {
  // Names that the server writes without a schema mean the tables in use.
  work.exec("SET LOCAL search_path TO " + home_);
  const auto views = texts(work.exec_params(std::string{kViews} + kViewsOf, in_use(media_types)));
  make_offsets(work, previous_);
  for (const std::string& media : media_types) {
    const auto triggers = work.exec_params(kTriggers, home_ + "." + media);
    work.exec(fmt::format("ALTER TABLE {0}.{3} SET SCHEMA {1}; ALTER TABLE {2}.{3} SET SCHEMA {0}",
                          home_, previous_, filling_, media));
    for (const auto& trigger : triggers) {
      work.exec(fmt::format("DROP TRIGGER {} ON {}.{}",
                            work.quote_name(trigger[0].as<std::string>()), previous_, media));
      work.exec(trigger[1].as<std::string>());  // names the table that is in use by now
    }
  }
  work.exec(kNewFeed);
  execute_all(work, views);
  const auto kept = texts(work.exec_params(kTables, name_ + "_previous"));
  const bool has_others = std::ranges::any_of(kept, [&](const std::string& name) {
    return name != "sink_offsets" && std::ranges::find(media_types, name) == media_types.end();
  });
  if (has_others) {
    return;  // a former table is complete up to the older offsets alone
  }
  // No writer is inside a transaction now: this is exactly what those tables have.
  work.exec(fmt::format("DELETE FROM {}.sink_offsets", previous_));
  work.exec_params(fmt::format("INSERT INTO {}.sink_offsets SELECT * FROM {}.sink_offsets "
                               "WHERE sink = $1 AND topic = $2",
                               previous_, home_),
                   live_group_, topic_);
}

template <class Work>
void RebuildTables::while_locked(const std::vector<std::string>& media_types,
                                 const std::string& other, Work work) {
  for (int left = kSwapTries;; --left) {
    try {
      in_transaction(kShort, [&](pqxx::work& transaction) {
        try {
          transaction.exec(kSwapPatience);
          transaction.exec(lock_statement(transaction, media_types, other));
          work(transaction);
        } catch (const pqxx::sql_error& error) {
          if (error.sqlstate() == kLockTimeout || error.sqlstate() == kDeadlock) {
            throw TablesAreBusy{};
          }
          throw;
        }
      });
      return;
    } catch (const TablesAreBusy&) {
      if (left == 0 || stop_.stop_requested()) {
        throw WorkFailed{
            "the tables are held by other sessions (pg_stat_activity shows them), and all is as it "
            "was: give the command again, `rebuild postgres` with --resume"};
      }
      log::info("swap_waits", {{"for", "sessions that hold the tables"}, {"tries_left", left}});
    }
    wait_for_stop(stop_, kSwapPause);
  }
}

void RebuildTables::swap(const std::vector<std::string>& media_types, const std::string& note) {
  while_locked(media_types, filling_, [&](pqxx::work& work) {
    move(work, media_types);
    for (const std::string& media : media_types) {
      work.exec(fmt::format("COMMENT ON TABLE {}.{} IS {}", home_, media,
                            note.empty() ? "NULL" : work.quote(note)));
    }
  });
}

void RebuildTables::swap_back(const std::vector<std::string>& media_types) {
  while_locked(media_types, previous_, [&](pqxx::work& work) {
    make_offsets(work, filling_);
    work.exec_params(fmt::format("INSERT INTO {}.sink_offsets SELECT $1, topic, partition, "
                                 "next_offset FROM {}.sink_offsets",
                                 filling_, previous_),
                     group_);
    for (const std::string& media : media_types) {
      work.exec(fmt::format("ALTER TABLE {}.{} SET SCHEMA {}", previous_, media, filling_));
    }
    move(work, media_types);
  });
}

void RebuildTables::forget_filling() {
  in_transaction(kShort, [&](pqxx::work& work) {
    work.exec(fmt::format("DROP TABLE {0}.sink_offsets; DROP SCHEMA {0}", filling_));
  });
}

std::vector<std::string> RebuildTables::drop() {
  const State now = state();
  if (now.is_under_way && now.filling.empty()) {
    throw RefusedError{"the new tables are in use, and their filling is not done: --resume first"};
  }
  std::vector<std::string> names;
  in_transaction(kShort, [&](pqxx::work& work) {
    const auto remove = [&](const std::string& schema, const std::vector<std::string>& tables) {
      for (const std::string& media : tables) {
        names.push_back(schema + "." + media);
        work.exec("DROP TABLE " + names.back());
      }
      work.exec(fmt::format("DROP TABLE {0}.sink_offsets; DROP SCHEMA {0}", schema));
    };
    if (now.is_under_way) {
      remove(filling_, now.filling);
    }
    if (!now.previous.empty()) {
      remove(previous_, now.previous);
    }
  });
  return names;
}

RebuildTables::Counts RebuildTables::count(const std::string& media_type) {
  // One statement, so one snapshot.
  const std::string one = "SELECT {}, coalesce(source, ''), count(*) FROM {}." + media_type +
                          " WHERE status = 'live' GROUP BY 2";
  const std::string sql = fmt::format(fmt::runtime(one), true, home_) + " UNION ALL " +
                          fmt::format(fmt::runtime(one), false, filling_);
  return in_transaction(kLong, [&](pqxx::work& work) {
    Counts counts;
    for (const auto& row : work.exec(sql)) {
      (row[0].as<bool>() ? counts.live : counts.made)
          .emplace(row[1].as<std::string>(), row[2].as<std::int64_t>());
    }
    return counts;
  });
}

std::vector<RebuildTables::Drawn> RebuildTables::sample(const std::string& media_type, int size) {
  // The work after a random place, of either table: no scan, however many rows there are.
  const std::string one = fmt::format(
      "SELECT w.identifier FROM (SELECT gen_random_uuid() AS at FROM generate_series(1, $1)) r "
      "CROSS JOIN LATERAL (SELECT identifier FROM {{}}.{} WHERE identifier >= r.at "
      "ORDER BY identifier LIMIT 1) w",
      media_type);
  const std::string sql = fmt::format(
      "WITH drawn AS ({0} UNION {1}) "
      "SELECT d.identifier, u.revision, m.revision, coalesce(u::text = m::text, false) "
      "FROM drawn d LEFT JOIN {2}.{4} u USING (identifier) "
      "LEFT JOIN {3}.{4} m USING (identifier)",
      fmt::format(fmt::runtime(one), home_), fmt::format(fmt::runtime(one), filling_), home_,
      filling_, media_type);
  return in_transaction(kLong, [&](pqxx::work& work) {
    std::vector<Drawn> drawn;
    for (const auto& row : work.exec_params(sql, size)) {
      drawn.push_back(
          {row[0].as<std::string>(), revision(row[1]), revision(row[2]), row[3].as<bool>()});
    }
    return drawn;
  });
}

}  // namespace freshet
