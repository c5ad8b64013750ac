#include "processors/state/positions.hpp"

#include <charconv>
#include <initializer_list>

namespace freshet {
namespace {

std::string encode(std::initializer_list<std::int64_t> numbers) {
  std::string text;
  for (const std::int64_t number : numbers) {
    text += text.empty() ? "" : " ";
    text += std::to_string(number);
  }
  return text;
}

bool decode(std::string_view text, std::initializer_list<std::int64_t*> numbers) noexcept {
  const char* next = text.data();
  const char* const end = text.data() + text.size();
  for (std::int64_t* number : numbers) {
    if (number != *numbers.begin()) {
      if (next == end || *next != ' ') {
        return false;
      }
      ++next;
    }
    const auto read = std::from_chars(next, end, *number);
    if (read.ec != std::errc{} || *number < 0) {
      return false;
    }
    next = read.ptr;
  }
  return next == end;
}

}  // namespace

std::string encode_positions(const ChangelogPositions& at) {
  return encode({at.catalog.next(), at.seen.next(), at.totals.next(), at.written_ms});
}

std::optional<ChangelogPositions> decode_positions(std::string_view text) noexcept {
  std::int64_t catalog = 0;
  std::int64_t seen = 0;
  std::int64_t totals = 0;
  std::int64_t written_ms = 0;
  if (!decode(text, {&catalog, &seen, &totals, &written_ms})) {
    return std::nullopt;
  }
  return ChangelogPositions{catalog, seen, totals, written_ms};
}

std::string encode_position(const ClaimsPosition& at) {
  return encode({at.next, at.answer_all_before});
}

std::optional<ClaimsPosition> decode_claims_position(std::string_view text) noexcept {
  ClaimsPosition at;
  return decode(text, {&at.next, &at.answer_all_before}) ? std::optional{at} : std::nullopt;
}

}  // namespace freshet
