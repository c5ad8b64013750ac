#include "processors/clean/markup.hpp"

#include <libxml/HTMLparser.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::clean {
namespace {

// Past so many rounds a text is an attack, and its brackets go without a further look.
constexpr int kRounds = 8;

bool is_tag_at(std::string_view text, std::size_t i) noexcept {
  const auto at = [text](std::size_t k) { return k < text.size() ? text[k] : '\0'; };
  const char next = at(i + 1);
  return text[i] == '<' && (is_ascii_letter(next) || next == '!' || next == '?' ||
                            (next == '/' && is_ascii_letter(at(i + 2))));
}

bool has_tag(std::string_view text) noexcept {
  for (std::size_t i = text.find('<'); i != std::string_view::npos; i = text.find('<', i + 1)) {
    if (is_tag_at(text, i)) {
      return true;
    }
  }
  return false;
}

// Appends what `name` (between `&` and `;`) stands for; false where it stands for nothing.
bool append_entity(std::string& out, std::string_view name) {
  std::uint32_t code = 0;
  if (name.starts_with('#')) {
    const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    const std::string_view digits = name.substr(hex ? 2 : 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
      return false;
    }
  } else if (name == "apos") {
    code = '\'';  // XML's; the table is HTML 4's
  } else {
    const std::string terminated{name};
    const htmlEntityDesc* const entity =
        htmlEntityLookup(reinterpret_cast<const xmlChar*>(terminated.c_str()));
    code = entity == nullptr ? 0 : entity->value;
  }
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
    return false;
  }
  append_utf8(out, code);
  return true;
}

// Decodes every entity that is closed by a semicolon once; false when there was none.
bool decode_once(std::string& text) {
  constexpr std::size_t kLongestName = 10;  // `&thetasym;`, `&#x10FFFF;`
  std::string out;
  bool any = false;
  std::size_t done = 0;
  for (std::size_t i = text.find('&'); i != std::string::npos; i = text.find('&', i + 1)) {
    const std::string_view candidate = std::string_view{text}.substr(i + 1, kLongestName + 1);
    const std::size_t end = candidate.find(';');
    if (end == std::string_view::npos) {
      continue;
    }
    const std::size_t kept = out.size();
    out.append(text, done, i - done);
    if (append_entity(out, candidate.substr(0, end))) {
      done = i + end + 2;
      i = done - 1;
      any = true;
    } else {
      out.resize(kept);
    }
  }
  if (any) {
    out.append(text, done);
    text = std::move(out);
  }
  return any;
}

// Index behind the tag or comment that begins at `i`.
std::size_t end_of_tag(std::string_view text, std::size_t i) noexcept {
  const auto behind = [text](std::size_t at, std::size_t length) {
    return at == std::string_view::npos ? text.size() : at + length;
  };
  if (text.substr(i).starts_with("<!--")) {
    return behind(text.find("-->", i + 4), 3);
  }
  if (text[i + 1] == '!' || text[i + 1] == '?') {
    return behind(text.find('>', i), 1);
  }
  char quote = 0;
  for (std::size_t k = i + 1; k < text.size(); ++k) {
    if (quote != 0) {
      quote = text[k] == quote ? '\0' : quote;
    } else if (text[k] == '>') {
      return k + 1;
    } else if ((text[k] == '"' || text[k] == '\'') && text[k - 1] == '=') {
      quote = text[k];
    }
  }
  // A quote that never closes must not swallow a tag that does.
  return quote == 0 ? text.size() : behind(text.find('>', i), 1);
}

std::string tag_name(std::string_view text, std::size_t i) {
  std::string name;
  for (std::size_t k = i + (text.substr(i).starts_with("</") ? 2 : 1);
       k < text.size() && (is_ascii_letter(text[k]) || (text[k] >= '0' && text[k] <= '9')); ++k) {
    name.push_back(lower_letter(text[k]));
  }
  return name;
}

// Tags that end a line: the words before and behind them are two.
bool breaks_line(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 17> kNames{"br", "p",  "div", "li", "ul", "ol",
                                                    "tr", "td", "th",  "h1", "h2", "h3",
                                                    "h4", "h5", "h6",  "dd", "dt"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_code(std::string_view name) noexcept { return name == "script" || name == "style"; }

/// Finds where elements end whose content no reader sees (producers/html.cpp has the same list, but
/// for `title`: a feed's title may come with its tags, and is one).
class Unseen {
 public:
  explicit Unseen(std::string_view text) : text_{text} {}

  /// Index behind the end tag of the element whose content begins at `from`. Code that is not
  /// closed goes to the end; of another one only the tag goes, so that a title `<template> of a
  /// bowl` keeps its words.
  std::size_t end_of(std::string_view name, std::size_t from) {
    const auto* const known = std::find(kNames.begin(), kNames.end(), name);
    if (known == kNames.end()) {
      return from;
    }
    bool& is_open_ended = is_open_ended_[static_cast<std::size_t>(known - kNames.begin())];
    for (std::size_t i = is_open_ended ? std::string_view::npos : text_.find("</", from);
         i != std::string_view::npos; i = text_.find("</", i + 2)) {
      if (tag_name(text_, i) == name) {
        return end_of_tag(text_, i);
      }
    }
    is_open_ended = true;  // asked once, so that a thousand open tags are not a million steps
    return is_code(name) ? text_.size() : from;
  }

 private:
  static constexpr std::array<std::string_view, 5> kNames{"script", "style", "template", "noscript",
                                                          "head"};
  std::string_view text_;
  std::array<bool, kNames.size()> is_open_ended_{};
};

std::string without_tags(std::string_view text) {
  std::string out;
  Unseen unseen{text};
  for (std::size_t i = 0; i < text.size();) {
    if (!is_tag_at(text, i)) {
      out.push_back(text[i++]);
      continue;
    }
    const std::string name = tag_name(text, i);
    const bool opens = text[i + 1] != '/';
    i = end_of_tag(text, i);
    if (opens) {
      i = unseen.end_of(name, i);
    }
    if (breaks_line(name)) {
      out.push_back(' ');
    }
  }
  return out;
}

}  // namespace

void strip_markup(std::string& text) {
  for (int round = 0;; ++round) {
    std::string decoded = text;
    for (int depth = 0; depth < kRounds && decode_once(decoded); ++depth) {
    }
    if (!has_tag(decoded)) {
      return;
    }
    if (round == kRounds) {
      std::replace(decoded.begin(), decoded.end(), '<', ' ');
      std::replace(decoded.begin(), decoded.end(), '&', ' ');
      text = clean_text(decoded);
      return;
    }
    text = clean_text(without_tags(decoded));
  }
}

}  // namespace freshet::clean
