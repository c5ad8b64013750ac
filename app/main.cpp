#include "app/clean_preview.hpp"
#include "app/cli.hpp"

int main(int argc, char** argv) {
  freshet::CommandLine command_line{freshet::clean_preview()};
  return command_line.run(argc, argv);
}
