#pragma once

#include <string>

namespace CLI {
class App;
}

namespace freshet {

/// `produce --dry-run tsv FILE` must not write to Kafka after all: flags of `produce` say nothing
/// to its subcommands.
/// @throws StartupError  one of them was given.
void refuse_flags_of(const CLI::App& produce, const std::string& subcommand);

}  // namespace freshet
