#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "core/decision.hpp"
#include "core/key.hpp"

namespace freshet {

/// `freshet decide takedown|sensitive|undo|erase|reemit|hide-source|show-source`.
void add_decide_commands(CLI::App& root, Commands& commands);

/// How works are named on the command line.
struct WorkNames {
  std::vector<std::string> words;       ///< UUIDs, work keys, or a provider and an identifier
  std::optional<MediaType> media_type;  ///< for the last form
};

/// A work that a name stands for.
struct NamedWork {
  std::string key;
  bool is_known = true;  ///< Postgres has a row of it, or could not be asked
};

/// What the row store knows of works.
class WorkLookup {
 public:
  WorkLookup() = default;
  WorkLookup(const WorkLookup&) = delete;
  WorkLookup& operator=(const WorkLookup&) = delete;
  virtual ~WorkLookup() = default;
  /// Key of the work that has or had this UUID.
  virtual std::optional<std::string> by_uuid(const std::string& uuid) = 0;
  virtual bool has(const WorkKeyView& key) = 0;
};
/// Asks the tables `image` and `audio`. The call and its result's members throw StartupError when
/// PostgreSQL does not answer as it should.
std::unique_ptr<WorkLookup> open_work_lookup(const std::string& dsn);

/// Finds the works that are named by UUIDs, keys, or a provider and an identifier. UUIDs may be
/// former ones. Keys need no database, so that a takedown need not wait for one.
/// @param open  as `open_work_lookup`. Its StartupError is ignored where only keys are given.
/// @return by key, each work once.
/// @error StartupError: words that are no such name, a provider's identifier that both media types
///        have, or no answer from Postgres where one is needed; WorkFailed: no such work.
std::vector<NamedWork> find_works(const WorkNames& names,
                                  const std::function<std::unique_ptr<WorkLookup>()>& open);

/// The next value of a decision: `before` with `entry` added, whose action is the kind's name or
/// `undo`. The entry's time is made later than the whole history, whatever this machine's clock
/// says.
Decision decide_next(std::string work_key, DecisionKind kind, std::optional<Decision> before,
                     DecisionEntry entry);

}  // namespace freshet
