#include "producers/run_holder.hpp"

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

namespace freshet {
namespace {

std::string read_line(const std::string& path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

// Field 22 of /proc/PID/stat; empty where there is no such process, or one that only waits to be
// reaped. The second field is a name in parentheses that may hold anything.
std::string start_of(std::int64_t pid) {
  const std::string line = read_line("/proc/" + std::to_string(pid) + "/stat");
  const auto end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos || end_of_name + 2 >= line.size() ||
      line[end_of_name + 2] == 'Z' || line[end_of_name + 2] == 'X') {
    return {};
  }
  std::size_t at = end_of_name + 2;
  for (int field = 3; field < 22; ++field) {
    at = line.find(' ', at);
    if (at == std::string::npos) {
      return {};
    }
    ++at;
  }
  return line.substr(at, line.find(' ', at) - at);
}

std::string machine() {
  std::array<char, 64> space{};
  const auto length = readlink("/proc/self/ns/pid", space.data(), space.size());
  const std::string boot = read_line("/proc/sys/kernel/random/boot_id");
  if (length <= 0 || boot.empty()) {
    return {};
  }
  return boot + "/" + std::string(space.data(), static_cast<std::size_t>(length));
}

}  // namespace

RunHolder this_process() {
  RunHolder holder;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) {
    holder.host = host.data();
  }
  holder.machine = machine();
  holder.pid = getpid();
  holder.started = start_of(holder.pid);
  return holder;
}

bool is_gone(const RunHolder& holder) {
  if (holder.machine.empty() || holder.started.empty() || holder.pid <= 0 ||
      holder.machine != machine()) {
    return false;
  }
  return holder.pid == getpid() || start_of(holder.pid) != holder.started;
}

}  // namespace freshet
