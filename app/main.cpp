#include <algorithm>
#include <iterator>

#include "app/clean_preview.hpp"
#include "app/cli.hpp"
#include "app/hidden_arguments.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments = freshet::take_arguments(argc, argv);
  std::vector<const char*> texts;
  std::ranges::transform(arguments, std::back_inserter(texts), &std::string::c_str);
  freshet::CommandLine command_line{
      {freshet::clean_preview(), freshet::raw_preview(), freshet::catalogue_preview()}};
  return command_line.run(argc, texts.data());
}
