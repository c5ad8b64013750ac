#include "core/kafka/dead_letter.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/topics.hpp"

namespace freshet::kafka {
namespace {

constexpr std::string_view kPrefix = "dl.";
// A sentence for people; the bytes themselves are in the value.
constexpr std::size_t kMessageMaxBytes = 1'000;
// Left for a later header, such as the one that says that the value was cut.
constexpr std::size_t kReserveBytes = 64;

/// The first `limit` bytes or fewer, never inside a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) {
    --limit;
  }
  return text.substr(0, limit);
}

std::size_t bytes_of(const Headers& headers) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) {
    bytes += name.size() + value.size();
  }
  return bytes;
}

Headers describe_letter(const DeadLetter& letter) {
  Headers headers{
      {"dl.step", std::string{letter.step}},
      {"dl.reason", std::string{to_string(letter.error.errc())}},
  };
  if (!letter.error.field().empty()) {
    headers.emplace_back("dl.field", letter.error.field());
  }
  if (!letter.error.rule().empty()) {
    headers.emplace_back("dl.rule", letter.error.rule());
  }
  headers.emplace_back("dl.topic", letter.origin.topic);
  if (letter.origin.partition) {
    headers.emplace_back("dl.partition", std::to_string(letter.origin.partition->value));
  }
  headers.emplace_back("dl.offset", std::to_string(letter.origin.offset));
  headers.emplace_back("dl.time", format_millis(letter.time));
  headers.emplace_back("dl.message", std::string{cut(letter.error.message(), kMessageMaxBytes)});
  return headers;
}

}  // namespace

Result<void> produce_dead_letter(Producer& producer, const Config::Kafka& config,
                                 const DeadLetter& letter, const Headers& original_headers) {
  Headers headers = describe_letter(letter);
  const std::size_t key_bytes = letter.key ? letter.key->size() : 0;
  std::size_t spent = key_bytes + bytes_of(headers) + kReserveBytes;
  for (const auto& [name, value] : original_headers) {
    // Headers of an earlier dead letter would stand behind ours and win, so they are left out.
    // Headers that do not fit are left out, too: the value matters more, and a record of our own
    // topics has one short header.
    if (!name.starts_with(kPrefix) &&
        spent + name.size() + value.size() < kDeadLetterMaxBytes / 2) {
      spent += name.size() + value.size();
      headers.emplace_back(name, value);
    }
  }

  std::optional<std::string_view> value = letter.value;
  const std::size_t room = kDeadLetterMaxBytes - std::min(spent, kDeadLetterMaxBytes);
  if (value && value->size() > room) {
    headers.emplace_back("dl.truncated", std::to_string(value->size()));
    value = value->substr(0, room);
  }

  const std::string topic = config.prefixed(topics::kDeadLetter);
  OutRecord record;
  record.topic = topic;
  record.key = letter.key;
  record.value = value;
  record.headers = &headers;
  if (letter.origin.partition && letter.origin.partition->value < letter.partitions) {
    record.partition = letter.origin.partition;
  }
  return producer.produce(record);
}

}  // namespace freshet::kafka
