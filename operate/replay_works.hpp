#pragma once

#include <string>
#include <vector>

#include "core/commands.hpp"
#include "operate/policy.hpp"

namespace CLI {
class App;
}

namespace freshet {

/// Which works `replay` has written again.
struct ReplayWorksFlags {
  std::vector<std::string> works;  ///< UUIDs, keys, or a provider and an identifier
  std::string source;
  std::string since;
  int per_second = 500;
  PolicyAuthor author{"freshet replay", "written again"};
  int wait_seconds = 30;

  bool is_any() const { return !works.empty() || !source.empty() || !since.empty(); }
};
struct ReplayWorksOutput {
  bool dry_run = false;
  bool json = false;
};

void add_replay_works_flags(CLI::App& command, ReplayWorksFlags& flags);

/// `--works`, or the works of the catalogue that `--source` and `--since` select.
int replay_works(const Context& context, const ReplayWorksFlags& flags,
                 const ReplayWorksOutput& output);

/// Whether a catalogue record is of a source: the member `source` of its work or, as the API has
/// it, the provider where there is none. The provider's own name selects, too.
bool is_of_source(std::string_view key, std::string_view value, std::string_view source);

}  // namespace freshet
