#include "producers/lenient_json.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "core/charset.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

constexpr std::size_t kDeepest = 128;  // of `parse_json`

/// The one charset whose texts are ASCII to the eye, whatever they say.
constexpr std::string_view kSevenBits = "iso-2022-jp";

constexpr std::array<std::string_view, Mended::kFaults> kNames{
    "byte_order_mark",   "charset",    "invalid_utf8", "lone_surrogate",
    "control_character", "bad_escape", "number",       "too_deep"};

bool is_of_word(char c) noexcept {
  return is_ascii_alphanumeric(c) || c == '+' || c == '-' || c == '.' || c == '_' || c == '#' ||
         c == '$';
}

std::size_t digits_at(std::string_view text, std::size_t i) noexcept {
  std::size_t count = 0;
  while (i + count < text.size() && is_ascii_digit(text[i + count])) {
    ++count;
  }
  return count;
}

// Whether a word is spelled like a number of JSON, however large.
bool is_number(std::string_view word) noexcept {
  std::size_t i = word.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits_at(word, i);
  if (whole == 0 || (whole > 1 && word[i] == '0')) {
    return false;
  }
  i += whole;
  if (i < word.size() && word[i] == '.') {
    const std::size_t fraction = digits_at(word, ++i);
    if (fraction == 0) {
      return false;
    }
    i += fraction;
  }
  if (i < word.size() && (word[i] == 'e' || word[i] == 'E')) {
    ++i;
    i += i < word.size() && (word[i] == '+' || word[i] == '-') ? 1 : 0;
    const std::size_t exponent = digits_at(word, i);
    if (exponent == 0) {
      return false;
    }
    i += exponent;
  }
  return i == word.size();
}

// A number as other languages write it, as JSON does: `+1`, `007`, `.5`, `5.`.
std::string respelled(std::string_view word) {
  std::string out = word.starts_with('-') ? "-" : "";
  word.remove_prefix(word.starts_with('-') || word.starts_with('+') ? 1 : 0);
  while (word.size() > 1 && word[0] == '0' && is_ascii_digit(word[1])) {
    word.remove_prefix(1);
  }
  if (word.starts_with('.')) {
    out += '0';
  }
  const std::size_t point = word.find('.');
  const bool is_bare = point != std::string_view::npos && digits_at(word, point + 1) == 0;
  out += word.substr(0, is_bare ? point : word.size());
  if (is_bare) {
    out += word.substr(point + 1);
  }
  return out;
}

// Whether a word stands where a number should, and is none that JSON knows: `-Infinity`, `0x1F`,
// `1.#INF`. Another word (`x`, `Forbidden`) says that the text is something else.
bool is_in_place_of_number(std::string_view word) {
  word.remove_prefix(word.starts_with('-') || word.starts_with('+') ? 1 : 0);
  if (!word.empty() && (is_ascii_digit(word.front()) || word.front() == '.')) {
    return true;
  }
  const std::string lower = lower_ascii(word);
  return lower == "nan" || lower == "inf" || lower == "infinity" || lower == "undefined" ||
         lower == "none";
}

// The unit of UTF-16 that `\uXXXX` at `i` stands for; nothing where it is none.
std::optional<unsigned> unit_at(std::string_view text, std::size_t i) noexcept {
  if (i + 6 > text.size() || text[i] != '\\' || text[i + 1] != 'u') {
    return std::nullopt;
  }
  unsigned unit = 0;
  for (std::size_t k = i + 2; k < i + 6; ++k) {
    const int digit = hex_value(text[k]);
    if (digit < 0) {
      return std::nullopt;
    }
    unit = unit * 16 + static_cast<unsigned>(digit);
  }
  return unit;
}

bool is_high(unsigned unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(unsigned unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// Writes a text anew, value by value, in a form that the strict parser takes where its structure
/// allows. Without recursion: depth costs a counter.
class Mender {
 public:
  Mender(std::string_view in, Mended& mended) : in_{in}, mended_{mended} {}

  std::string run() {
    out_.reserve(in_.size() + in_.size() / 16);
    while (at_ < in_.size()) {
      step();
    }
    return std::move(out_);
  }

 private:
  void step() {
    const char c = in_[at_];
    if (c == '"') {
      string();
    } else if (c == '[' || c == '{') {
      open();
    } else if (c == ']' || c == '}') {
      depth_ -= depth_ > 0 ? 1 : 0;
      out_ += c;
      ++at_;
    } else if (is_of_word(c)) {
      word();
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') {
      count(Mended::control_character);
      out_ += ' ';
      ++at_;
    } else if (in_.substr(at_).starts_with("\xEF\xBB\xBF")) {  // where files were put together
      count(Mended::byte_order_mark);
      at_ += 3;
    } else {
      out_ += c;  // punctuation, white space, or what the parser will refuse
      ++at_;
    }
  }

  void open() {
    if (depth_ == kDeepest) {
      count(Mended::too_deep);
      out_ += "null";
      skip_value();
      return;
    }
    ++depth_;
    out_ += in_[at_++];
  }

  // Past the list or object that begins here.
  void skip_value() {
    std::size_t open = 0;
    while (at_ < in_.size()) {
      const char c = in_[at_++];
      if (c == '"') {
        while (at_ < in_.size() && in_[at_] != '"') {
          at_ += in_[at_] == '\\' ? 2 : 1;
        }
        ++at_;
      } else if (c == '[' || c == '{') {
        ++open;
      } else if ((c == ']' || c == '}') && --open == 0) {
        return;
      }
    }
    at_ = std::min(at_, in_.size());
  }

  void word() {
    std::size_t end = at_;
    while (end < in_.size() && is_of_word(in_[end])) {
      ++end;
    }
    const std::string_view word = in_.substr(at_, end - at_);
    at_ = end;
    const bool may_be_large = word.size() > 300 || word.find_first_of("eE") != word.npos;
    if (depth_ == 0 || (is_number(word) && (!may_be_large || parse_json(word))) ||
        !is_in_place_of_number(word)) {
      out_ += word;
      return;
    }
    count(Mended::number);
    const std::string number = respelled(word);
    out_ += is_number(number) && parse_json(number) ? number : "null";
  }

  void string() {
    faults_of_string_ = 0;
    out_ += in_[at_++];
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '"') {
        out_ += c;
        ++at_;
        return;
      }
      if (c == '\\') {
        escape();
      } else if (static_cast<unsigned char>(c) < 0x20) {
        count_once(Mended::control_character);
        out_ += "\\u00";
        out_ += c < 0x10 ? '0' : '1';
        out_ += kHexDigits[c & 0xF];
        ++at_;
      } else {
        character();
      }
    }
  }

  void character() {
    const Utf8Sequence sequence = first_sequence(in_.substr(at_));
    if (sequence.is_well_formed) {
      out_ += in_.substr(at_, sequence.length);
    } else {
      count_once(Mended::invalid_utf8);
      out_ += kReplacementCharacter;
    }
    at_ += sequence.length;
  }

  void escape() {
    const std::size_t pair_bytes = 12;
    if (const auto unit = unit_at(in_, at_)) {
      const auto following = unit_at(in_, at_ + 6);
      if (is_high(*unit) && following && is_low(*following)) {
        out_ += in_.substr(at_, pair_bytes);
        at_ += pair_bytes;
        return;
      }
      if (is_high(*unit) || is_low(*unit)) {
        count_once(Mended::lone_surrogate);
        out_ += kReplacementCharacter;
      } else {
        out_ += in_.substr(at_, 6);
      }
      at_ += 6;
      return;
    }
    const char next = at_ + 1 < in_.size() ? in_[at_ + 1] : '\0';
    if (next != '\0' && std::string_view{"\"\\/bfnrt"}.find(next) != std::string_view::npos) {
      out_ += in_.substr(at_, 2);
      at_ += 2;
      return;
    }
    count_once(Mended::bad_escape);
    if (next == '\'') {  // JavaScript's, of the quote itself
      out_ += next;
      at_ += 2;
      return;
    }
    out_ += "\\\\";
    ++at_;
  }

  void count(Mended::Fault fault) { ++mended_.counts[fault]; }
  void count_once(Mended::Fault fault) {
    const unsigned bit = 1U << fault;
    if ((faults_of_string_ & bit) == 0) {
      faults_of_string_ |= bit;
      count(fault);
    }
  }

  std::string_view in_;
  Mended& mended_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;  ///< lists and objects that are open
  std::string out_;
  unsigned faults_of_string_ = 0;  ///< each fault counts once a text
};

// The text in UTF-8 where it is of another charset, else nothing. `shown` and then `named` decide,
// but not against what the bytes look like: one bad byte in a page of good UTF-8 is a bad byte.
std::optional<std::string> converted(std::string_view bytes, std::string_view named) {
  const std::string_view shown = shown_charset(bytes);
  if (!shown.empty()) {
    return to_utf8(bytes, shown);
  }
  const Utf8Look look = look_at_utf8(bytes);
  const bool is_utf8 = look.ill_formed == 0 || look.ill_formed < look.well_formed;
  return is_utf8 && named != kSevenBits ? std::nullopt : to_utf8(bytes, named);
}

// Beginning of every mending: `bytes` without its mark, converted into `storage` if need be.
std::string_view decode(std::string_view bytes, std::string_view charset, Mended& mended,
                        std::string& storage) {
  if (auto text = converted(bytes, charset)) {
    mended.counts[Mended::charset] = 1;
    storage = std::move(*text);
    return storage;
  }
  const std::string_view text = without_bom(bytes);
  mended.counts[Mended::byte_order_mark] = text.size() == bytes.size() ? 0 : 1;
  return text;
}

}  // namespace

std::int64_t Mended::total() const noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

std::string Mended::text() const {
  std::string out;
  for (std::size_t i = 0; i < kFaults; ++i) {
    if (counts[i] > 0) {
      out += out.empty() ? "" : ", ";
      out += std::string{kNames[i]} + ' ' + std::to_string(counts[i]);
    }
  }
  return out;
}

Result<LenientJson> parse_lenient_json(std::string_view text, std::string_view charset) {
  auto strict = parse_json(text);
  if (strict) {
    return LenientJson{std::move(*strict), {}};
  }
  LenientJson result;
  std::string storage;
  const std::string_view decoded = decode(text, charset, result.mended, storage);
  auto value = parse_json(Mender{decoded, result.mended}.run());
  if (!value) {
    return strict.error();
  }
  result.value = std::move(*value);
  return result;
}

std::string read_text(std::string_view bytes, std::string_view charset, Mended& mended) {
  std::string storage;
  const bool is_plain = shown_charset(bytes).empty() && charset != kSevenBits && is_utf8(bytes);
  const std::string_view text = is_plain ? bytes : decode(bytes, charset, mended, storage);
  if (is_utf8(text)) {
    return std::string{text};
  }
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Sequence sequence = first_sequence(text.substr(i));
    out += sequence.is_well_formed ? text.substr(i, sequence.length) : kReplacementCharacter;
    i += sequence.length;
  }
  mended.counts[Mended::invalid_utf8] = 1;
  return out;
}

}  // namespace freshet
