#include "producers/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace freshet {

using std::chrono::steady_clock;

std::string progress_line(const std::string& command, const Totals& counts, int errors,
                          double records_per_second) {
  return fmt::format("{}  {} pages  {} records  {:.0f}/s  {} dropped  {} rejected  {} errors",
                     command, counts.at("pages"), counts.at("emitted"), records_per_second,
                     counts.sum("dropped"), counts.sum("rejected"), errors);
}

Progress::Progress(std::string command)
    : command_{std::move(command)},
      is_terminal_{isatty(STDERR_FILENO) == 1},
      started_at_{steady_clock::now()} {}

Progress::~Progress() {
  if (shown_at_ != Time{}) {
    std::fputc('\n', stderr);
  }
}

void Progress::update(const Totals& counts, int errors) {
  if (!is_terminal_) {
    return;
  }
  const auto now = steady_clock::now();
  if (emitted_before_ < 0) {
    emitted_before_ = counts.at("emitted");
  }
  if (now - shown_at_ < std::chrono::milliseconds{500}) {
    return;
  }
  shown_at_ = now;
  const double seconds = std::max(0.001, std::chrono::duration<double>(now - started_at_).count());
  const double speed = static_cast<double>(counts.at("emitted") - emitted_before_) / seconds;
  // \033[K: the rest of a longer line before it.
  std::fprintf(stderr, "\r%s\033[K", progress_line(command_, counts, errors, speed).c_str());
  std::fflush(stderr);
}

}  // namespace freshet
