#include "sinks/command.hpp"

namespace freshet {

void add_sink_commands(CLI::App& /*root*/, Commands& /*commands*/) {}

}  // namespace freshet
