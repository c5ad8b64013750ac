#include "app/cli.hpp"

int main(int argc, char** argv) {
  freshet::CommandLine command_line{{}};
  return command_line.run(argc, argv);
}
