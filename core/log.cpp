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

/// Whether a field says which thing an event is about. A sentence does not: it may hold a time or a
/// count, and differ each time.
bool names(const Field& field) {
  return field.name == "partition" ||
         (std::holds_alternative<std::string>(field.value) && field.name != "text");
}

void append_field(std::string& out, const Field& field, Format format) {
  if (format == Format::json) {
    out.push_back(',');
    append_json_string(out, field.name);
    out.push_back(':');
  } else {
    out.append(" ").append(field.name).append("=");
  }
  append_value(out, field.value);
}

std::string body(Fields fields, Format format) {
  std::string text;
  for (const Field& field : fields) {
    append_field(text, field, format);
  }
  return text;
}

/// What `fields` are about, as it is written.
std::string about(Fields fields, Format format) {
  constexpr std::size_t kMostBytes = 2'000;
  std::string text;
  for (const Field& field : fields) {
    if (names(field)) {
      const std::size_t before = text.size();
      append_field(text, field, format);
      if (text.size() > kMostBytes) {
        text.resize(before);  // no half field
      }
    }
  }
  return text;
}

/// @param fields  as `append_field` writes them
std::string line_of(std::string_view level, std::string_view event, std::string_view fields,
                    std::uint64_t held, Format format) {
  const std::string now = format_millis(SystemClock{}.now());
  if (format == Format::json) {
    std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":)", now, level);
    append_json_string(line, event);
    line += fields;
    if (held > 0) {
      fmt::format_to(std::back_inserter(line), R"(,"held_back":{})", held);
    }
    return line + "}";
  }
  // Time of day only: a person reads this while it happens.
  std::string line = fmt::format("{} {:<5} {}", now.substr(11, 12), level, event);
  line += fields;
  if (held > 0) {
    fmt::format_to(std::back_inserter(line), " held_back={}", held);
  }
  return line;
}

void put(State& log, spdlog::level::level_enum level, const std::string& line) {
  log.logger.log(level, spdlog::string_view_t{line.data(), line.size()});
}

void write(spdlog::level::level_enum level, std::string_view event, Fields fields) {
  State& log = state();
  if (!log.logger.should_log(level)) {
    return;
  }
  const std::string_view name = level_name(level);
  const Format format = log.format.load();
  std::uint64_t held = 0;
  // At debug every record is wanted, and at info there is no line per record.
  if (level >= spdlog::level::warn) {
    const auto admitted = log.repeats.admit(
        fmt::format("{} {}", name, event), about(fields, format), std::chrono::steady_clock::now());
    if (!admitted) {
      return;
    }
    held = *admitted;
  }
  put(log, level, line_of(name, event, body(fields, format), held, format));
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

bool writes_debug() noexcept { return state().logger.should_log(spdlog::level::debug); }
void debug(std::string_view event, Fields fields) { write(spdlog::level::debug, event, fields); }
void info(std::string_view event, Fields fields) { write(spdlog::level::info, event, fields); }
void warn(std::string_view event, Fields fields) { write(spdlog::level::warn, event, fields); }
void error(std::string_view event, Fields fields) { write(spdlog::level::err, event, fields); }

void tell_held_back() {
  State& log = state();
  for (const Repeats::Held& held : log.repeats.take_held()) {
    const std::size_t space = held.event.find(' ');
    const std::string_view name = std::string_view{held.event}.substr(0, space);
    put(log, name == "error" ? spdlog::level::err : spdlog::level::warn,
        line_of(name, std::string_view{held.event}.substr(space + 1), held.about, held.count,
                log.format.load()));
  }
}

}  // namespace freshet::log
