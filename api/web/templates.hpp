#pragma once

#include <ctemplate/template_cache.h>
#include <ctemplate/template_dictionary.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/web/files.hpp"
#include "api/web/words.hpp"

namespace freshet::api::web {

using Dictionary = ctemplate::TemplateDictionary;

/// Sets a variable; it is escaped where the template shows it, as the place there needs it.
void set(Dictionary& dictionary, std::string_view name, std::string_view value);
/// Shows a section when `is_shown`.
void show(Dictionary& dictionary, std::string_view name, bool is_shown);

/// The templates below `web/templates/`, once in each language.
///
/// A text in double brackets, `[[Sources]]`, is translated when the templates are read; variables
/// in it stay variables. Everything is escaped by its context: text, attribute, address.
/// @thread_safety  `expand`, from any thread.
class Templates {
 public:
  /// @param words  by tag of the language
  /// @error StartupError names the template that cannot be read.
  Templates(const Files& files, const std::map<std::string, Words, std::less<>>& words);

  /// What a template is called in a language; for included dictionaries.
  static std::string name(const Language& language, std::string_view file);

  std::string expand(const Language& language, std::string_view file,
                     const Dictionary& dictionary) const;

 private:
  std::unique_ptr<ctemplate::TemplateCache> cache_;
};

/// A template's text with its texts translated, ready to be parsed.
std::string translated(std::string_view source, const Words& words);

}  // namespace freshet::api::web
