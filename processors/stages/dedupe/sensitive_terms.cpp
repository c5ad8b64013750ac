#include "processors/stages/dedupe/sensitive_terms.hpp"

#include <wctype.h>

#include <algorithm>
#include <array>
#include <bit>
#include <clocale>
#include <memory>

#include "core/check.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::size_t kFilterBits = 1U << 16U;  // 8 KiB: stays in the processor's first cache
constexpr std::uint64_t kHashBegin = 0xcbf29ce484222325U;
constexpr std::uint64_t kHashPrime = 0x100000001b3U;
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

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t bits) { out += static_cast<char>(bits); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6U));
    put(0x80 | (c & 0x3FU));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12U));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  } else {
    put(0xF0 | (c >> 18U));
    put(0x80 | ((c >> 12U) & 0x3FU));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  }
}

// Code points hash as numbers, so that no bytes have to be made of them.
std::uint64_t hashed(std::uint64_t hash, char32_t folded) { return (hash ^ folded) * kHashPrime; }

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
  std::uint64_t hash = kHashBegin;
};
FirstWord first_word(std::string_view term) {
  FirstWord word;
  for (std::size_t at = 0; at < term.size();) {
    const Decoded next = decode(term, at);
    if (Letters::get().is_word(next.code_point)) {
      word.at = word.at == std::string::npos ? at : word.at;
      word.hash = hashed(word.hash, next.code_point);
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
      terms_.push_back({std::move(term), word.at, word.hash});
    } else if (!term.empty()) {
      terms_.push_back({term, std::string::npos, 0});
      wordless_.push_back(std::move(term));
    }
  }
  std::ranges::stable_sort(terms_, {}, &Term::hash);
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

bool SensitiveTerms::occurs_in(std::string_view text) const {
  if (terms_.empty()) {
    return false;
  }
  const Letters& letters = Letters::get();
  const auto ends_word = [&](std::size_t begin, std::uint64_t hash) {
    const std::size_t bit = filter_bit(hash);
    return ((filter_[bit / 64] >> (bit % 64)) & 1U) != 0 && starts_at(text, begin, hash);
  };
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t begin = kNone;
  std::uint64_t hash = kHashBegin;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[at]);
    char32_t letter = 0;  // of a word, folded
    std::size_t length = 1;
    if (byte < 0x80) {
      letter = kAsciiWord[byte];
    } else {
      const Decoded next = decode(text, at);
      letter = letters.is_word(next.code_point) ? letters.lower(next.code_point) : 0;
      length = next.length;
    }
    if (letter != 0) {
      begin = begin == kNone ? at : begin;
      hash = hashed(hash, letter);
    } else if (begin != kNone) {
      if (ends_word(begin, hash)) {
        return true;
      }
      begin = kNone;
      hash = kHashBegin;
    }
    at += length;
  }
  if (begin != kNone && ends_word(begin, hash)) {
    return true;
  }
  return std::ranges::any_of(wordless_, [&](const std::string& term) {
    return text.find(term) != std::string_view::npos;
  });
}

}  // namespace freshet
