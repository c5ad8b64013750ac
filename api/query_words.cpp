#include "api/query_words.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace freshet::api {
namespace {

// `_english_` of Elasticsearch and OpenSearch, and the one that schemas/elasticsearch adds.
constexpr auto kStopWords = std::to_array<std::string_view>(
    {"a",    "an",    "and",   "are",  "as",   "at", "be",  "but",  "by",   "for",  "if",  "in",
     "into", "is",    "it",    "no",   "not",  "of", "on",  "or",   "such", "that", "the", "their",
     "then", "there", "these", "they", "this", "to", "was", "will", "with", "à",    "À"});

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

void append_phrase(std::string& out, std::string_view phrase, Phrases phrases) {
  if (phrases == Phrases::left_out) {
    return;
  }
  if (phrases == Phrases::kept) {
    std::string quoted = "\"";
    quoted.append(phrase).append("\"");
    append_word(out, quoted);
    return;
  }
  // Inside of quotes these are letters, outside they would be operators.
  std::string words{phrase};
  std::ranges::replace_if(words, [](char c) { return c == '-' || c == '+'; }, ' ');
  append_word(out, words);
}

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return is_ascii_alphanumeric(c) || c == '\'' || c == '_' || byte >= 0x80U;
}

bool is_stop_word(std::string_view given) {
  std::string word = lower_ascii(given);
  if (word.ends_with("'s")) {
    word.resize(word.size() - 2);
  }
  return std::ranges::find(kStopWords, word) != kStopWords.end();
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

}  // namespace

std::string wanted_words(std::string_view text, Phrases phrases) {
  std::string out;
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
        if (!is_excluded) {
          append_phrase(out, text.substr(i + 1, end - i - 1), phrases);
        }
        i = end + 1;
      }
    } else if (c == '+' || is_space(c)) {
      ++i;
    } else {
      const std::size_t start = i;
      while (i < text.size() && text[i] != '"' && text[i] != '+' && !is_space(text[i])) {
        ++i;
      }
      if (!is_excluded) {
        append_word(out, text.substr(start, i - start));
      }
    }
    is_excluded = false;
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
