#include "bench/proc.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace freshet::bench {

double cpu_seconds(const std::filesystem::path& directory) {
  std::ifstream file{directory / "stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto end = text.rfind(')');
  if (end == std::string::npos) {
    return 0;
  }
  std::istringstream fields{text.substr(end + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double status_megabytes(const std::filesystem::path& directory, std::string_view name) {
  std::ifstream file{directory / "status"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(std::string{name} + ":")) {
      return std::stod(line.substr(name.size() + 1)) / 1024;
    }
  }
  return 0;
}

}  // namespace freshet::bench
