#include "simulate/command.hpp"

namespace freshet {

void add_simulate_commands(CLI::App& /*root*/, Commands& /*commands*/) {}

}  // namespace freshet
