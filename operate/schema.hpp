#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/commands.hpp"
#include "core/config.hpp"
#include "core/http/http_client.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// Adds `schema apply` and `schema status`.
void add_schema_commands(CLI::App& root, Commands& commands);

namespace schema {

enum class State {
  applied,  ///< as this binary ships it
  pending,  ///< not there yet
  differs,  ///< there, and not as this binary ships it
};
std::string_view to_string(State state) noexcept;

/// One migration, index template, index or alias.
struct Entry {
  std::string store;  ///< `postgres` or `elasticsearch`
  std::string kind;   ///< `migration`, `template`, `index`, `alias`
  std::string name;
  State state = State::pending;
  std::string detail;  ///< when it was applied, what differs, what to do
};

/// One file of schemas/postgres. Applied in the order of their names, each once, for good: a file
/// that was applied must not change any more.
struct Migration {
  std::string_view name;  ///< `0001_media`
  std::string_view sql;
};
std::vector<Migration> shipped_migrations();

/// 64 hex digits of SHA-256, as `schema_migrations.checksum` keeps it.
std::string checksum_of(std::string_view text);

/// The tables: migrations of a database.
/// @error StartupError: it does not answer. WorkFailed: a migration failed; nothing of it remains.
///        RefusedError (apply): a migration differs from what was applied, or the database has
///        some that this binary does not know; nothing was done.
std::vector<Entry> postgres_status(const std::string& dsn, std::span<const Migration> migrations);
std::vector<Entry> apply_postgres(const std::string& dsn, std::span<const Migration> migrations);

struct IndexOptions {
  std::string url;
  std::string index_prefix;
  int shards = 1;
  int replicas = 0;
  std::string suffix;  ///< of a first index: `20261121-021500`
};

/// Per media type: the index template `<prefix>freshet-image` for `<prefix>image-*`, and the index
/// behind the aliases `<prefix>image` (live documents) and `<prefix>image-write` (all of them).
///
/// An index carries the checksum of the file it was made from in `_meta`. One made from another
/// version is left alone and reported as `differs`: its documents have to be indexed anew.
/// @error StartupError: the cluster does not answer. WorkFailed: it refuses something.
///        RefusedError: an index has the name of an alias.
std::vector<Entry> elasticsearch_status(http::HttpClient& client, const IndexOptions& options);
std::vector<Entry> apply_elasticsearch(http::HttpClient& client, const IndexOptions& options);

/// Body of `PUT /<index>` or, inside of `template`, of an index template: the shipped file with
/// shards, replicas and the checksum filled in. Both aliases are among it.
/// @param media_type  `image` or `audio`
json::value index_body(std::string_view media_type, const IndexOptions& options);

}  // namespace schema
}  // namespace freshet
