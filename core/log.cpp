#include "core/log.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>

#include "core/json.hpp"
#include "core/log_repeats.hpp"
#include "core/time.hpp"
#include "core/utf8.hpp"

namespace freshet::log {
namespace {

enum class Format { json, text };

/// Lives until the process ends: threads may log while static objects are destroyed.
struct State {
  spdlog::logger logger{"freshet", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  std::atomic<Format> format = Format::json;
  Repeats repeats{std::chrono::seconds{10}};

  State() {
    logger.set_pattern("%v", spdlog::pattern_time_type::utc);
    logger.flush_on(spdlog::level::trace);  // a line that explains a crash must be out before it
  }
};

State& state() {
  static auto* const state = new State;
  return *state;
}

std::string_view level_name(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::info:
      return "info";
    case spdlog::level::warn:
      return "warn";
    case spdlog::level::trace:
    case spdlog::level::err:
    case spdlog::level::critical:
    case spdlog::level::off:
    case spdlog::level::n_levels:
      return "error";
  }
  return "error";
}

void append_text(std::string& out, const std::string& text) {
  // A line must stay JSON whatever a library's message holds.
  append_json_string(out, is_utf8(text) ? std::string_view{text} : "(not UTF-8)");
}

void append_value(std::string& out, const Field::Value& value) {
  std::visit(
      [&out](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::string>) {
          append_text(out, v);
        } else if constexpr (std::is_same_v<T, double>) {
          out.append(std::isfinite(v) ? to_json(json::value(v)) : "null");
        } else {
          fmt::format_to(std::back_inserter(out), "{}", v);
        }
      },
      value);
}

std::string json_line(std::string_view level, std::string_view event, Fields fields,
                      std::uint64_t held) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":)",
                                 format_millis(SystemClock{}.now()), level);
  append_json_string(line, event);
  for (const Field& field : fields) {
    line.push_back(',');
    append_json_string(line, field.name);
    line.push_back(':');
    append_value(line, field.value);
  }
  if (held > 0) {
    fmt::format_to(std::back_inserter(line), R"(,"held_back":{})", held);
  }
  line.push_back('}');
  return line;
}

std::string text_line(std::string_view level, std::string_view event, Fields fields,
                      std::uint64_t held) {
  // Time of day only: a person reads this while it happens.
  std::string line =
      fmt::format("{} {:<5} {}", format_millis(SystemClock{}.now()).substr(11, 12), level, event);
  for (const Field& field : fields) {
    line.append(" ").append(field.name).append("=");
    append_value(line, field.value);
  }
  if (held > 0) {
    fmt::format_to(std::back_inserter(line), " held_back={}", held);
  }
  return line;
}

void write(spdlog::level::level_enum level, std::string_view event, Fields fields) {
  State& log = state();
  if (!log.logger.should_log(level)) {
    return;
  }
  const std::string_view name = level_name(level);
  std::uint64_t held = 0;
  if (level != spdlog::level::debug) {  // who asks for debug wants every record
    const auto admitted =
        log.repeats.admit(fmt::format("{} {}", name, event), std::chrono::steady_clock::now());
    if (!admitted) {
      return;
    }
    held = *admitted;
  }
  const std::string line = log.format.load() == Format::json ? json_line(name, event, fields, held)
                                                             : text_line(name, event, fields, held);
  log.logger.log(level, spdlog::string_view_t{line.data(), line.size()});
}

}  // namespace

void configure(const Config::Log& config) {
  State& log = state();
  log.logger.set_level(config.level == "debug"   ? spdlog::level::debug
                       : config.level == "warn"  ? spdlog::level::warn
                       : config.level == "error" ? spdlog::level::err
                                                 : spdlog::level::info);
  const bool text = config.format.empty() ? isatty(STDERR_FILENO) == 1 : config.format == "text";
  log.format = text ? Format::text : Format::json;
}

void debug(std::string_view event, Fields fields) { write(spdlog::level::debug, event, fields); }
void info(std::string_view event, Fields fields) { write(spdlog::level::info, event, fields); }
void warn(std::string_view event, Fields fields) { write(spdlog::level::warn, event, fields); }
void error(std::string_view event, Fields fields) { write(spdlog::level::err, event, fields); }

}  // namespace freshet::log
