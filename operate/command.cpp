#include "operate/command.hpp"

#include "operate/schema.hpp"

namespace freshet {

void add_operate_commands(CLI::App& root, Commands& commands) {
  add_schema_commands(root, commands);
}

}  // namespace freshet
