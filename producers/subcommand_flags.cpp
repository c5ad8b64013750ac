#include "producers/subcommand_flags.hpp"

#include <CLI/CLI.hpp>

#include "core/check.hpp"

namespace freshet {

void refuse_flags_of(const CLI::App& produce, const std::string& subcommand) {
  for (const CLI::Option* option : produce.get_options()) {
    if (option->count() > 0) {
      throw StartupError{option->get_name() + " must stand behind `" + subcommand +
                         "`, and be one of its flags"};
    }
  }
}

}  // namespace freshet
