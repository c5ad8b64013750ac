#include "producers/command.hpp"

namespace freshet {

void add_producer_commands(CLI::App& /*root*/, Commands& /*commands*/, CleanFunction /*clean*/) {}

}  // namespace freshet
