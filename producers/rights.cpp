#include "producers/rights.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/check.hpp"
#include "core/http/url.hpp"
#include "core/json.hpp"
#include "core/resources.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

/// A faulty schemas/rights.json is a fault of the build: it is embedded.
const json::value& table() {
  static const json::value parsed = [] {
    auto file = parse_json(resource("rights.json"));
    FRESHET_CHECK(file.has_value());
    return std::move(*file);
  }();
  return parsed;
}

/// The form in which addresses stand in the table; empty: it is no address.
std::string table_address(std::string_view statement) {
  std::string text = lower_ascii(trim_space(statement));
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) {
      text.erase(0, scheme.size());
      if (text.starts_with("www.")) {
        text.erase(0, 4);
      }
      text.resize(std::min(text.find_first_of("?#"), text.size()));
      while (text.ends_with('/')) {
        text.pop_back();
      }
      return text;
    }
  }
  return {};
}

/// Words of a text in lower case; a dot belongs to a number only.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    const bool is_point = c == '.' && !word.empty() && is_ascii_digit(word.back()) &&
                          i + 1 < text.size() && is_ascii_digit(text[i + 1]);
    if (is_ascii_alphanumeric(c) || is_point) {
      word.push_back(lower_letter(c));
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

bool is_version(std::string_view word) {
  return word.size() == 3 && is_ascii_digit(word[0]) && word[1] == '.' && is_ascii_digit(word[2]);
}

struct Parts {
  bool by = false;
  bool nc = false;
  bool nd = false;
  bool sa = false;
  std::string version;
  bool is_of_cc = false;
};

/// @return whether the word says something about a licence, or nothing at all.
bool take_word(std::string_view word, Parts& parts) {
  constexpr std::array<std::string_view, 9> kEmpty{"license",  "licence", "international",
                                                   "unported", "generic", "the",
                                                   "under",    "a",       "licensed"};
  if (word == "cc" || word == "creative" || word == "commons") {
    parts.is_of_cc = true;
  } else if (word == "by" || word == "attribution") {
    parts.by = true;
  } else if (word == "nc" || word == "noncommercial") {
    parts.nc = true;
  } else if (word == "nd" || word == "noderivatives" || word == "noderivs") {
    parts.nd = true;
  } else if (word == "sa" || word == "sharealike") {
    parts.sa = true;
  } else if (is_version(word)) {
    parts.version = word;
  } else {
    return std::ranges::find(kEmpty, word) != kEmpty.end();
  }
  return true;
}

// `CC BY-NC-SA 4.0 International`, `Attribution 3.0`; nothing where another word stands in it.
std::optional<std::string> license_in_words(const std::vector<std::string>& words) {
  Parts parts;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i];
    // Spelt apart: Non-Commercial, Share Alike, No Derivatives.
    if (i + 1 < words.size() && (word == "non" || word == "share" || word == "no")) {
      word += words[++i];
    }
    if (!take_word(word, parts)) {
      return std::nullopt;
    }
  }
  const bool is_named = parts.by && (parts.is_of_cc || parts.nc || parts.nd || parts.sa ||
                                     words.front() == "attribution");
  if (!is_named || parts.version.empty()) {
    return std::nullopt;
  }
  std::string slug = "by";
  slug += parts.nc ? "-nc" : "";
  slug += parts.nd ? "-nd" : "";
  slug += parts.sa ? "-sa" : "";
  return "https://creativecommons.org/licenses/" + slug + "/" + parts.version + "/";
}

std::optional<std::string> text_in(const json::value& entry) {
  return entry.is_string() ? std::optional{std::string{entry.get_string()}} : std::nullopt;
}

}  // namespace

std::optional<std::string> license_url_of_statement(std::string_view statement) {
  statement = trim_space(statement);
  if (const std::string address = table_address(statement); !address.empty()) {
    if (address.starts_with("creativecommons.org/")) {
      return std::string{statement};
    }
    const json::object& addresses = table().at("addresses").as_object();
    const json::value* const entry = addresses.if_contains(address);
    return entry == nullptr ? std::nullopt : text_in(*entry);
  }
  const auto words = words_of(statement);
  if (words.empty()) {
    return std::nullopt;
  }
  std::string joined;
  for (const std::string& word : words) {
    joined += (joined.empty() ? "" : " ") + word;
  }
  if (const json::value* entry = table().at("texts").as_object().if_contains(joined)) {
    return text_in(*entry);
  }
  return license_in_words(words);
}

}  // namespace freshet
