#include "producers/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace freshet {

using std::chrono::steady_clock;

std::string progress_line(const std::string& command, const Totals& counts, int errors,
                          double records_per_second) {
  return fmt::format("{}  {} pages  {} records  {:.0f}/s  {} dropped  {} rejected  {} errors",
                     command, counts.at("pages"), counts.at("emitted"), records_per_second,
                     counts.sum("dropped"), counts.sum("rejected"), errors);
}

Progress::Progress(std::vector<std::string> commands) : is_terminal_{isatty(STDERR_FILENO) == 1} {
  for (std::string& command : commands) {
    lines_.push_back({.command = std::move(command),
                      .started_at = steady_clock::now(),
                      .emitted_before = -1,
                      .text = {},
                      .outcome = {}});
    lines_.back().text = lines_.back().command + "  waits";
  }
}

Progress::~Progress() {
  const std::lock_guard lock{mutex_};
  if (shown_at_ != Time{}) {
    show();
  }
}

Progress::Line* Progress::find(const std::string& command) {
  const auto found = std::find_if(lines_.begin(), lines_.end(),
                                  [&](const Line& line) { return line.command == command; });
  return found == lines_.end() ? nullptr : &*found;
}

void Progress::update(const std::string& command, const Totals& counts, int errors) {
  if (!is_terminal_) {
    return;
  }
  const std::lock_guard lock{mutex_};
  Line* const line = find(command);
  if (line == nullptr) {
    return;
  }
  const auto now = steady_clock::now();
  if (line->emitted_before < 0) {
    line->emitted_before = counts.at("emitted");
    line->started_at = now;
  }
  const double seconds =
      std::max(0.001, std::chrono::duration<double>(now - line->started_at).count());
  const double speed = static_cast<double>(counts.at("emitted") - line->emitted_before) / seconds;
  line->text = progress_line(command, counts, errors, speed);
  if (now - shown_at_ >= std::chrono::milliseconds{500}) {
    show();
  }
}

void Progress::ended(const std::string& command, std::string_view outcome) {
  const std::lock_guard lock{mutex_};
  if (Line* const line = find(command)) {
    line->outcome = outcome;
  }
}

// The cursor stands below the lines. \033[A: up; \033[K: the rest of a longer line before it.
void Progress::show() {
  std::string text;
  if (shown_at_ != Time{}) {
    text += fmt::format("\033[{}A", lines_.size());
  }
  for (const Line& line : lines_) {
    text += "\r" + line.text + (line.outcome.empty() ? "" : "  " + line.outcome) + "\033[K\n";
  }
  shown_at_ = steady_clock::now();
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace freshet
