#include "api/command.hpp"

namespace freshet {

void add_api_commands(CLI::App& /*root*/, Commands& /*commands*/) {}

}  // namespace freshet
