#include "processors/stages/dedupe/sensitive_terms.hpp"

#include <wctype.h>

#include <algorithm>
#include <array>
#include <bit>
#include <clocale>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/check.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

constexpr std::size_t kFilterBits = 1U << 16U;  // 8 KiB: stays in the processor's first cache
constexpr std::uint64_t kHashSeed = 0xcbf29ce484222325U;
constexpr std::uint64_t kHashFactor = 0x9e3779b97f4a7c15U;
constexpr std::size_t kBmp = 0x10000;
constexpr char32_t kInvalid = 0xFFFFFFFFU;

// What is a letter, and its lower case, by the C library's Unicode tables: of the basic plane
// copied once, since asking it per character of every text would be slow.
class Letters {
 public:
  static const Letters& get() {
    static const Letters letters;
    return letters;
  }

  char32_t lower(char32_t c) const {
    return c < kBmp ? lower_[c]
                    : static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), locale_));
  }
  bool is_word(char32_t c) const {
    return c < kBmp ? word_[c] : c != kInvalid && iswalnum_l(static_cast<wint_t>(c), locale_) != 0;
  }

 private:
  Letters() : locale_{newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)}, lower_(kBmp), word_(kBmp) {
    FRESHET_CHECK(locale_ != nullptr);  // a part of the C library
    for (char32_t c = 0; c < kBmp; ++c) {
      lower_[c] = static_cast<std::uint16_t>(towlower_l(static_cast<wint_t>(c), locale_));
      const bool is_accent = c >= 0x300 && c <= 0x36F;
      word_[c] = c == U'_' || is_accent || iswalnum_l(static_cast<wint_t>(c), locale_) != 0;
    }
  }

  locale_t locale_;  // for good
  std::vector<std::uint16_t> lower_;
  std::vector<bool> word_;
};

// ASCII, of which texts mostly are: lower case of a word character, 0 for the others.
constexpr std::array<std::uint8_t, 128> kAsciiWord = [] {
  std::array<std::uint8_t, 128> table{};
  for (std::size_t c = 0; c < 128; ++c) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_word = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    table[c] = static_cast<std::uint8_t>(is_word ? (is_upper ? c - 'A' + 'a' : c) : 0);
  }
  return table;
}();

struct Decoded {
  char32_t code_point = kInvalid;
  std::size_t length = 1;
};

// One code point at `at`; a byte that begins none stands for itself as no letter.
Decoded decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) {
    return {first, 1};
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < length) {
    return {};
  }
  char32_t code_point = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      return {};
    }
    code_point = (code_point << 6U) | (byte(i) & 0x3FU);
  }
  return {code_point, length};
}

// The hash of a word: its first eight folded letters, a byte each, and the length. They are in one
// register, and what they leave open is compared afterwards.
std::uint64_t hash_of(std::uint64_t first_eight, std::size_t length) {
  const std::uint64_t mixed = (first_eight ^ (length * kHashSeed)) * kHashFactor;
  return mixed ^ (mixed >> 29U);
}

class WordHash {
 public:
  void add(char32_t folded) {
    if (length_ < 8) {
      const char32_t byte = folded < 0x80 ? folded | 0x20U : (folded ^ (folded >> 7U)) & 0xFFU;
      first_eight_ |= std::uint64_t{byte} << (8 * length_);
    }
    ++length_;
  }
  std::uint64_t value() const { return hash_of(first_eight_, length_); }

 private:
  std::uint64_t first_eight_ = 0;
  std::size_t length_ = 0;
};

// The same for the ASCII letters at `begin`, in whatever case.
std::uint64_t hash_at(std::string_view text, std::size_t begin, std::size_t length) {
  constexpr std::uint64_t kLowerCase = 0x2020202020202020U;
  std::uint64_t letters = 0;
  if (text.size() - begin >= 8) {
    std::memcpy(&letters, text.data() + begin, 8);
  } else {
    std::memcpy(&letters, text.data() + begin, text.size() - begin);
  }
  letters |= kLowerCase;
  letters &= ~std::uint64_t{0} >> (64 - 8 * std::min<std::size_t>(length, 8));
  return hash_of(letters, length);
}

// Of 64 bytes: which are word characters, and which are not ASCII.
struct Classes {
  std::uint64_t word = 0;
  std::uint64_t other = 0;
};

Classes classify(const char* bytes) {
  Classes classes;
#if defined(__SSE2__)
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i text =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + std::size_t{16} * i));
    // Compares are signed; what is not ASCII is negative and in no range.
    const auto within = [](__m128i value, char from, char to) {
      return _mm_and_si128(_mm_cmpgt_epi8(value, _mm_set1_epi8(static_cast<char>(from - 1))),
                           _mm_cmplt_epi8(value, _mm_set1_epi8(static_cast<char>(to + 1))));
    };
    const __m128i letter = within(_mm_or_si128(text, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i digit = within(text, '0', '9');
    const __m128i line = _mm_cmpeq_epi8(text, _mm_set1_epi8('_'));
    const __m128i word = _mm_or_si128(_mm_or_si128(letter, digit), line);
    const auto mask = [](__m128i v) {
      return std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(v))};
    };
    classes.word |= mask(word) << (16 * i);
    classes.other |= mask(text) << (16 * i);
  }
#else
  for (unsigned i = 0; i < 64; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    classes.word |= std::uint64_t{byte < 0x80 && kAsciiWord[byte] != 0} << i;
    classes.other |= std::uint64_t{byte >= 0x80} << i;
  }
#endif
  return classes;
}

std::size_t filter_bit(std::uint64_t hash) { return (hash >> 40U) % kFilterBits; }

bool is_word_at(std::string_view text, std::size_t at) {
  return at < text.size() && Letters::get().is_word(decode(text, at).code_point);
}

bool is_word_before(std::string_view text, std::size_t at) {
  if (at == 0) {
    return false;
  }
  std::size_t start = at - 1;
  while (start > 0 && at - start < 4 && (static_cast<std::uint8_t>(text[start]) & 0xC0U) == 0x80) {
    --start;
  }
  return Letters::get().is_word(decode(text, start).code_point);
}

std::string folded(std::string_view text) {
  const Letters& letters = Letters::get();
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Decoded next = decode(text, at);
    if (next.code_point == kInvalid) {
      out += text[at];
    } else {
      append_utf8(out, letters.lower(next.code_point));
    }
    at += next.length;
  }
  return out;
}

// The end of `term` (folded) in `text` from `at`; npos when it does not stand there.
std::size_t end_of_match(std::string_view text, std::size_t at, std::string_view term) {
  const Letters& letters = Letters::get();
  for (std::size_t i = 0; i < term.size();) {
    if (at >= text.size()) {
      return std::string_view::npos;
    }
    if (term[i] == ' ') {
      std::size_t space = leading_space(text.substr(at));
      if (space == 0) {
        return std::string_view::npos;
      }
      for (; space > 0; space = leading_space(text.substr(at))) {
        at += space;
      }
      ++i;
      continue;
    }
    const Decoded wanted = decode(term, i);
    const Decoded found = decode(text, at);
    const bool same =
        wanted.code_point == kInvalid
            ? term[i] == text[at]
            : found.code_point != kInvalid && letters.lower(found.code_point) == wanted.code_point;
    if (!same) {
      return std::string_view::npos;
    }
    i += wanted.length;
    at += found.length;
  }
  return at;
}

bool stands_at(std::string_view text, std::size_t at, std::string_view term) {
  const std::size_t end = end_of_match(text, at, term);
  return end != std::string_view::npos && (!is_word_at(term, 0) || !is_word_before(text, at)) &&
         (!is_word_before(term, term.size()) || !is_word_at(text, end));
}

// The first word of a folded term and its hash.
struct FirstWord {
  std::size_t at = std::string::npos;
  WordHash hash;
};
FirstWord first_word(std::string_view term) {
  FirstWord word;
  for (std::size_t at = 0; at < term.size();) {
    const Decoded next = decode(term, at);
    if (Letters::get().is_word(next.code_point)) {
      word.at = word.at == std::string::npos ? at : word.at;
      word.hash.add(next.code_point);
    } else if (word.at != std::string::npos) {
      break;
    }
    at += next.length;
  }
  return word;
}

}  // namespace

SensitiveTerms::SensitiveTerms(const std::vector<std::string>& terms) {
  for (const std::string& given : terms) {
    std::string term = folded(clean_text(given));
    const FirstWord word = first_word(term);
    if (word.at != std::string::npos) {
      terms_.push_back({std::move(term), word.at, word.hash.value()});
    } else if (!term.empty()) {
      terms_.push_back({term, std::string::npos, 0});
      wordless_.push_back(std::move(term));
    }
  }
  std::ranges::sort(terms_, {}, &Term::hash);
  filter_.assign(kFilterBits / 64, 0);
  slots_.assign(std::bit_ceil(terms_.size() * 2 + 1), 0);
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    const std::uint64_t hash = terms_[i].hash;
    if (terms_[i].word == std::string::npos || (i > 0 && terms_[i - 1].hash == hash)) {
      continue;
    }
    filter_[filter_bit(hash) / 64] |= std::uint64_t{1} << (filter_bit(hash) % 64);
    std::size_t slot = hash % slots_.size();
    while (slots_[slot] != 0) {
      slot = (slot + 1) % slots_.size();
    }
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

// Whether a term whose first word has this hash stands where that word does.
bool SensitiveTerms::starts_at(std::string_view text, std::size_t word, std::uint64_t hash) const {
  std::size_t slot = hash % slots_.size();
  while (slots_[slot] != 0 && terms_[slots_[slot] - 1].hash != hash) {
    slot = (slot + 1) % slots_.size();
  }
  if (slots_[slot] == 0) {
    return false;
  }
  for (std::size_t i = slots_[slot] - 1; i < terms_.size() && terms_[i].hash == hash; ++i) {
    const Term& term = terms_[i];
    // Signs before the first word are ASCII or not, but never change length when folded.
    if (term.word != std::string::npos && term.word <= word &&
        stands_at(text, word - term.word, term.folded)) {
      return true;
    }
  }
  return false;
}

bool SensitiveTerms::ends_word(std::string_view text, std::size_t begin, std::uint64_t hash) const {
  const std::size_t bit = filter_bit(hash);
  return ((filter_[bit / 64] >> (bit % 64)) & 1U) != 0 && starts_at(text, begin, hash);
}

// Word by word, letter by letter, in any script.
bool SensitiveTerms::occurs_in_any(std::string_view text) const {
  const Letters& letters = Letters::get();
  WordHash word;
  bool in_word = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[at]);
    char32_t letter = 0;  // folded; 0: none
    std::size_t size = 1;
    if (byte < 0x80) {
      letter = kAsciiWord[byte];
    } else {
      const Decoded next = decode(text, at);
      letter = letters.is_word(next.code_point) ? letters.lower(next.code_point) : 0;
      size = next.length;
    }
    if (letter != 0) {
      begin = in_word ? begin : at;
      in_word = true;
      word.add(letter);
    } else if (in_word) {
      if (ends_word(text, begin, word.value())) {
        return true;
      }
      in_word = false;
      word = {};
    }
    at += size;
  }
  return in_word && ends_word(text, begin, word.value());
}

// Most texts are ASCII alone. Of 64 bytes at a time a mask says where words begin and end.
// @return nothing as soon as other letters are met.
std::optional<bool> SensitiveTerms::occurs_in_ascii(std::string_view text) const {
  bool in_word = false;
  std::size_t begin = 0;
  for (std::size_t block = 0; block < text.size(); block += 64) {
    Classes classes;
    if (text.size() - block >= 64) {
      classes = classify(text.data() + block);
    } else {
      std::array<char, 64> rest{};
      std::memcpy(rest.data(), text.data() + block, text.size() - block);
      classes = classify(rest.data());
    }
    if (classes.other != 0) {
      return std::nullopt;
    }
    // A bit wherever a word begins or the byte behind one stands.
    std::uint64_t edges = classes.word ^ ((classes.word << 1U) | (in_word ? 1U : 0U));
    for (; edges != 0; edges &= edges - 1) {
      const std::size_t at = block + static_cast<std::size_t>(std::countr_zero(edges));
      if (!in_word) {
        begin = at;
      } else if (ends_word(text, begin, hash_at(text, begin, at - begin))) {
        return true;
      }
      in_word = !in_word;
    }
  }
  return in_word && ends_word(text, begin, hash_at(text, begin, text.size() - begin));
}

bool SensitiveTerms::occurs_in(std::string_view text) const {
  if (terms_.empty()) {
    return false;
  }
  const std::optional<bool> found = occurs_in_ascii(text);
  return (found ? *found : occurs_in_any(text)) ||
         std::ranges::any_of(wordless_, [&](const std::string& term) {
           return text.find(term) != std::string_view::npos;
         });
}

}  // namespace freshet
