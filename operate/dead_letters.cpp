#include "operate/dead_letters.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "core/json.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "operate/lag.hpp"
#include "operate/table.hpp"
#include "operate/text_or_null.hpp"

namespace freshet {
namespace {

constexpr std::size_t kKeyWidth = 48;
constexpr std::size_t kMessageWidth = 80;

/// Bytes as text for a table or JSON: what is not UTF-8 is shown as `\xff`.
std::string printable(std::string_view bytes) {
  if (is_utf8(bytes)) {
    return std::string{bytes};
  }
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text.push_back(c);
    } else {
      text += {'\\', 'x', kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]};
    }
  }
  return text;
}

// A producer's letter may have no key, but its step names the provider's command.
std::string source_of(std::string_view key, std::string_view step) {
  constexpr std::string_view kProducer = "produce.";
  const std::string_view source = source_of_key(key);
  return std::string{source.empty() && step.starts_with(kProducer) ? step.substr(kProducer.size())
                                                                   : source};
}

int redriven_count(std::string_view text) {
  int count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return std::max(count, 0);
}

std::string shortened(const std::string& text, std::size_t width) {
  return count_code_points(text) <= width ? text
                                          : std::string{first_code_points(text, width - 1)} + "…";
}

}  // namespace

std::string_view to_string(DeadLetterState state) noexcept {
  switch (state) {
    case DeadLetterState::open:
      return "open";
    case DeadLetterState::redriven:
      return "redriven";
    case DeadLetterState::discarded:
      return "discarded";
  }
  return "";
}

DeadLetterLine read_dead_letter(const kafka::Message& message) {
  const auto header = [&](std::string_view name) {
    const auto value = message.header(name);
    return value ? printable(*value) : std::string{};
  };
  DeadLetterLine line;
  line.partition = message.partition().value;
  line.offset = message.offset().value;
  line.appended_at = message.timestamp();
  line.time = header("dl.time");
  line.step = header("dl.step");
  line.reason = header("dl.reason");
  line.field = header("dl.field");
  line.rule = header("dl.rule");
  line.message = header("dl.message");
  line.topic = header("dl.topic");
  line.origin_partition = header("dl.partition");
  line.origin_offset = header("dl.offset");
  if (const auto key = message.key()) {
    line.key = printable(*key);
  }
  line.source = source_of(line.key.value_or(""), line.step);
  line.redriven = redriven_count(message.header(kRedrivenHeader).value_or(""));
  line.is_truncated = message.header("dl.truncated").has_value();
  line.size_bytes = message.value() ? message.value()->size() : 0;
  return line;
}

std::vector<DeadLetterLine> newest_first(std::vector<DeadLetterLine> lines, std::size_t limit) {
  std::sort(lines.begin(), lines.end(), [](const DeadLetterLine& a, const DeadLetterLine& b) {
    return std::tie(b.appended_at, a.partition, b.offset) <
           std::tie(a.appended_at, b.partition, a.offset);
  });
  if (lines.size() > limit) {
    lines.resize(limit);
  }
  return lines;
}

std::string format_dead_letter_table(const std::vector<DeadLetterLine>& lines) {
  Table table{{{"AT", Align::right},
               {"TIME"},
               {"STATE"},
               {"STEP"},
               {"REASON"},
               {"FIELD"},
               {"FROM"},
               {"BYTES", Align::right},
               {"KEY"},
               {"MESSAGE"}}};
  for (const DeadLetterLine& line : lines) {
    std::string from = line.topic;
    if (!line.origin_partition.empty()) {
      from += "[" + line.origin_partition + "]";
    }
    from += "@" + line.origin_offset;
    table.add({std::to_string(line.partition) + " " + std::to_string(line.offset), line.time,
               std::string{to_string(line.state)} +
                   (line.redriven > 0 ? " (sent back " + std::to_string(line.redriven) + "x)" : ""),
               line.step, line.reason, line.field, from, std::to_string(line.size_bytes),
               shortened(line.key.value_or("(none)"), kKeyWidth),
               shortened(line.message, kMessageWidth)});
  }
  return table.text();
}

std::string format_dead_letter_json(const std::vector<DeadLetterLine>& lines) {
  json::array list;
  for (const DeadLetterLine& line : lines) {
    list.push_back(json::object{{"partition", line.partition},
                                {"offset", line.offset},
                                {"time", line.time},
                                {"step", line.step},
                                {"reason", line.reason},
                                {"field", text_or_null(line.field)},
                                {"rule", text_or_null(line.rule)},
                                {"message", line.message},
                                {"key", line.key ? json::value(*line.key) : json::value{}},
                                {"topic", line.topic},
                                {"origin_partition", text_or_null(line.origin_partition)},
                                {"origin_offset", line.origin_offset},
                                {"size_bytes", line.size_bytes},
                                {"source", text_or_null(line.source)},
                                {"state", to_string(line.state)},
                                {"redriven", line.redriven},
                                {"truncated", line.is_truncated}});
  }
  return to_json(list) + "\n";
}

}  // namespace freshet
