#include "operate/command.hpp"

namespace freshet {

void add_operate_commands(CLI::App& /*root*/, Commands& /*commands*/) {}

}  // namespace freshet
