#pragma once

#include <random>
#include <string>

namespace freshet::api::web {

/// Made-up texts that try to break out of markup: the n-th is always the same.
inline std::string hostile_text(unsigned n) {
  static const char* const kParts[] = {"<",
                                       ">",
                                       "\"",
                                       "'",
                                       "&",
                                       "&amp;",
                                       "&#60;",
                                       "]]>",
                                       "<!--",
                                       "-->",
                                       "</p>",
                                       "<script>",
                                       "</script>",
                                       "{{TITLE}}",
                                       "{url}",
                                       "{title}",
                                       "[[Search]]",
                                       "\x01",
                                       "\x1f",
                                       "\x7f",
                                       "\r\n",
                                       "\t",
                                       "\xEF\xBF\xBE",
                                       "\xEF\xBF\xBF",
                                       "\xC3\x28",
                                       "\xED\xA0\x80",
                                       "\xF0\x9F\x8E\xB5",
                                       "سلام",
                                       "javascript:alert(1)",
                                       "onerror=x",
                                       "<![CDATA[",
                                       "%00",
                                       "\\",
                                       "a",
                                       " "};
  std::mt19937 random{n};
  std::string text;
  for (auto parts = random() % 9; parts > 0; --parts) {
    text += kParts[random() % std::size(kParts)];
  }
  return text;
}

}  // namespace freshet::api::web
