#pragma once

#include <span>
#include <stop_token>
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

/// The migrations of a database. A stop ends the migration under way, which then leaves nothing
/// behind.
/// @error StartupError: it does not answer. WorkFailed: a migration failed; nothing of it remains.
///        RefusedError (apply): a migration differs from what was applied, or the database has
///        migrations that this binary does not know; nothing was done.
std::vector<Entry> postgres_status(const std::string& dsn, std::span<const Migration> migrations,
                                   const std::stop_token& stop);
std::vector<Entry> apply_postgres(const std::string& dsn, std::span<const Migration> migrations,
                                  const std::stop_token& stop);

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
/// shards, replicas and the checksum filled in. Both aliases are in it.
/// @param media_type  `image` or `audio`
json::value index_body(std::string_view media_type, const IndexOptions& options);

/// The aliases `<alias>` (live documents) and `<alias>-write`, as a request that makes them has
/// them.
json::object alias_bodies(const std::string& alias);

/// One thing in which an index is not as it would be made now.
struct MappingDifference {
  std::string path;    ///< `mappings.tags.properties.name.analyzer`
  std::string wanted;  ///< as this binary ships it; empty: nothing
  std::string found;   ///< empty: nothing
};
/// Fields and analysis of an index against what is shipped.
/// @param index  reply to `GET /<index>`, the member of the index.
std::vector<MappingDifference> compare_mapping(std::string_view media_type,
                                               const json::value& index);

/// `schema diff`: for each index behind the write aliases, whether it must be made anew, and why.
/// @return exit code: refused when something differs.
int run_schema_diff(const Context& context, bool as_json);

/// `20261121-021500`
std::string suffix_of(UtcTime time);

}  // namespace schema
}  // namespace freshet
