#include "processors/command.hpp"

namespace freshet {

void add_processor_commands(CLI::App& /*root*/, Commands& /*commands*/) {}

}  // namespace freshet
