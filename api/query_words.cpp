#include "api/query_words.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/text.hpp"

namespace freshet::api {
namespace {

// Together the words of `every_stop` in schemas/elasticsearch, which a unit test compares.
constexpr auto kEnglishStopWords = std::to_array<std::string_view>(
    {"a",    "an",    "and",   "are",  "as",   "at", "be",  "but",  "by",   "for",  "if",  "in",
     "into", "is",    "it",    "no",   "not",  "of", "on",  "or",   "such", "that", "the", "their",
     "then", "there", "these", "they", "this", "to", "was", "will", "with", "à"});
constexpr auto kOtherStopWords = std::to_array<std::string_view>(
    {"a\u0300",  // in two letters
     "aan",     "af",   "al",   "alla", "alle",  "am",    "ao",    "aos",   "au",    "auf",
     "aus",     "aux",  "av",   "avec", "bei",   "bij",   "com",   "con",   "d",     "da",
     "dalla",   "dans", "das",  "de",   "degli", "dei",   "del",   "della", "delle", "dello",
     "dem",     "der",  "des",  "det",  "di",    "die",   "dla",   "do",    "dos",   "du",
     "e",       "een",  "ein",  "eine", "einem", "einen", "einer", "eines", "el",    "em",
     "en",      "et",   "ett",  "fra",  "från",  "för",   "für",   "gli",   "het",   "i",
     "il",      "im",   "ja",   "l",    "la",    "las",   "le",    "les",   "lo",    "los",
     "med",     "met",  "mit",  "na",   "naar",  "nad",   "nas",   "nei",   "nel",   "nella",
     "nelle",   "nos",  "o",    "och",  "og",    "op",    "oraz",  "os",    "par",   "para",
     "per",     "pour", "przy", "på",   "się",   "som",   "su",    "sur",   "sus",   "te",
     "til",     "till", "tra",  "uit",  "um",    "uma",   "umas",  "un",    "unas",  "und",
     "une",     "uno",  "unos", "uns",  "unter", "van",   "ved",   "vid",   "vom",   "von",
     "voor",    "w",    "we",   "y",    "z",     "ze",    "zum",   "zur",   "às",    "über",
     "в",       "во",   "для",  "и",    "из",    "к",     "ко",    "на",    "о",     "об",
     "от",      "по",   "с",    "со",   "у",     "إلى",   "على",   "عن",    "في",    "مع",
     "من",      "و"});

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void append_word(std::string& out, std::string_view word) {
  if (word.empty()) {
    return;
  }
  if (!out.empty()) {
    out += ' ';
  }
  out += word;
}

std::string phrase_as(std::string_view phrase, Phrases phrases) {
  if (phrases == Phrases::left_out) {
    return "";
  }
  if (phrases == Phrases::kept) {
    return std::string{"\""}.append(phrase).append("\"");
  }
  // Inside of quotes these are letters, outside they would be operators.
  std::string words{phrase};
  std::ranges::replace_if(words, [](char c) { return c == '-' || c == '+'; }, ' ');
  return words;
}

/// In lower case, letters beyond ASCII as far as stop words have any.
std::string lower_of(std::string_view word) {
  std::string lower = lower_ascii(word);
  for (std::size_t i = 0; i + 1 < lower.size(); ++i) {
    const auto first = static_cast<unsigned char>(lower[i]);
    const auto second = static_cast<unsigned char>(lower[i + 1]);
    if (first == 0xC3U && second >= 0x80U && second < 0x9FU) {  // À … Þ
      lower[i + 1] = static_cast<char>(second + 0x20U);
    } else if (first == 0xD0U && second >= 0x90U && second < 0xA0U) {  // А … П
      lower[i + 1] = static_cast<char>(second + 0x20U);
    } else if (first == 0xD0U && second >= 0xA0U && second < 0xB0U) {  // Р … Я
      lower[i] = static_cast<char>(0xD1U);
      lower[i + 1] = static_cast<char>(second - 0x20U);
    }
  }
  return lower;
}

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return is_ascii_alphanumeric(c) || c == '\'' || c == '_' || byte >= 0x80U;
}

bool is_one_of(std::string_view given, std::span<const std::string_view> stop_words) {
  std::string word = lower_of(given);
  if (word.ends_with("'s")) {
    word.resize(word.size() - 2);
  }
  return std::ranges::find(stop_words, word) != stop_words.end();
}

bool is_stop_word(std::string_view word) {
  return is_one_of(word, kEnglishStopWords) || is_one_of(word, kOtherStopWords);
}

/// With the plain apostrophe for the one that keyboards of telephones write.
std::string with_plain_apostrophes(std::string_view text) {
  constexpr std::string_view kTypographic = "\u2019";
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool is_typographic = text.substr(i).starts_with(kTypographic);
    out += is_typographic ? '\'' : text[i];
    i += is_typographic ? kTypographic.size() : 1;
  }
  return out;
}

/// A hyphen, of those that people write between the parts of a word, at the start of `text`: how
/// many bytes it has.
std::size_t hyphen_at(std::string_view text) {
  for (const std::string_view hyphen : {"-", "\u2010", "\u2011"}) {
    if (text.starts_with(hyphen)) {
      return hyphen.size();
    }
  }
  return 0;
}

/// Calls `part(text, is_phrase, is_excluded)` for each word and each phrase, in order.
void read_parts(std::string_view text, const auto& part) {
  bool is_excluded = false;
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '-') {
      is_excluded = !is_excluded;
      ++i;
      continue;  // holds for what begins right here
    }
    if (c == '"') {
      const std::size_t end = text.find('"', i + 1);
      if (end == text.npos) {
        ++i;
      } else {
        part(text.substr(i + 1, end - i - 1), true, is_excluded);
        i = end + 1;
      }
    } else if (c == '+' || is_space(c)) {
      ++i;
    } else {
      const std::size_t start = i;
      while (i < text.size() && text[i] != '"' && text[i] != '+' && !is_space(text[i])) {
        ++i;
      }
      part(text.substr(start, i - start), false, is_excluded);
    }
    is_excluded = false;
  }
}

}  // namespace

std::string wanted_words(std::string_view text, Phrases phrases) {
  std::string out;
  read_parts(text, [&](std::string_view part, bool is_phrase, bool is_excluded) {
    if (!is_excluded) {
      append_word(out, is_phrase ? phrase_as(part, phrases) : std::string{part});
    }
  });
  return out;
}

std::vector<std::string> excluded_parts(std::string_view text) {
  std::vector<std::string> parts;
  read_parts(text, [&](std::string_view part, bool is_phrase, bool is_excluded) {
    if (is_excluded && part != "*") {  // which alone would be everything
      parts.push_back(is_phrase ? phrase_as(part, Phrases::kept) : std::string{part});
    }
  });
  return parts;
}

std::size_t count_stop_words() { return kEnglishStopWords.size() + kOtherStopWords.size(); }

std::string without_english_stop_words(std::string_view words) {
  std::string out;
  for (std::size_t i = 0; i < words.size();) {
    const std::size_t end = std::min(words.find(' ', i), words.size());
    const std::string_view word = words.substr(i, end - i);
    if (!is_one_of(word, kEnglishStopWords)) {
      append_word(out, word);
    }
    i = end + 1;
  }
  return out.empty() ? std::string{words} : out;
}

std::optional<std::string> closed_form(std::string_view words) {
  std::string out;
  std::size_t spaces = 0;
  bool has_hyphen = false;
  for (std::size_t i = 0; i < words.size();) {
    const std::size_t hyphen = hyphen_at(words.substr(i));
    const bool is_between = i > 0 && is_word_byte(words[i - 1]) && i + hyphen < words.size() &&
                            is_word_byte(words[i + hyphen]);
    if (hyphen > 0 && is_between) {
      has_hyphen = true;
      i += hyphen;
      continue;
    }
    spaces += words[i] == ' ' ? 1 : 0;
    out += words[i];
    ++i;
  }
  if (!has_hyphen && spaces != 1) {
    return std::nullopt;
  }
  if (!has_hyphen) {
    std::erase(out, ' ');
  }
  return out;
}

bool is_stop_words_only(std::string_view words) {
  const std::string text = with_plain_apostrophes(words);
  bool has_words = false;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_word_byte(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_word_byte(text[end])) {
      ++end;
    }
    std::string_view word = std::string_view{text}.substr(i, end - i);
    while (word.starts_with('\'')) {
      word.remove_prefix(1);
    }
    while (word.ends_with('\'')) {
      word.remove_suffix(1);
    }
    if (!word.empty()) {
      if (!is_stop_word(word)) {
        return false;
      }
      has_words = true;
    }
    i = end;
  }
  return has_words;
}

}  // namespace freshet::api
