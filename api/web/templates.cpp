#include "api/web/templates.hpp"

#include <ctemplate/template.h>

#include "api/html_escaped.hpp"
#include "core/check.hpp"

namespace freshet::api::web {
namespace {

constexpr std::string_view kFolder = "templates/";
constexpr ctemplate::Strip kStrip = ctemplate::STRIP_BLANK_LINES;

ctemplate::TemplateString as_template_string(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

void set(Dictionary& dictionary, std::string_view name, std::string_view value) {
  dictionary.SetValue(as_template_string(name), as_template_string(value));
}

void show(Dictionary& dictionary, std::string_view name, bool is_shown) {
  if (is_shown) {
    dictionary.ShowSection(as_template_string(name));
  }
}

std::string translated(std::string_view source, const Words& words) {
  // Each template says for itself that it is escaped: an included one does not inherit it.
  std::string out = "{{%AUTOESCAPE context=\"HTML\"}}";
  for (std::size_t at = 0; at < source.size();) {
    const std::size_t open = std::min(source.find("[[", at), source.size());
    out += source.substr(at, open - at);
    const std::size_t close = source.find("]]", open);
    if (close == source.npos) {
      out += source.substr(open);
      break;
    }
    // Braces are left as they are by escaping: a variable in a text stays one.
    out += html_escaped(words.text(std::string{source.substr(open + 2, close - open - 2)}.c_str()));
    at = close + 2;
  }
  return out;
}

Templates::Templates(const Files& files, const std::map<std::string, Words, std::less<>>& words)
    : cache_{std::make_unique<ctemplate::TemplateCache>()} {
  for (const auto& [path, text] : files) {
    if (!path.starts_with(kFolder)) {
      continue;
    }
    for (const auto& [tag, in_language] : words) {
      const std::string key =
          name(in_language.language(), std::string_view{path}.substr(kFolder.size()));
      if (!cache_->StringToTemplateCache(key, translated(text, in_language), kStrip)) {
        throw StartupError{"web/" + path + " (" + tag + "): is no template"};
      }
    }
  }
  cache_->Freeze();
}

std::string Templates::name(const Language& language, std::string_view file) {
  return std::string{language.tag}.append("/").append(file);
}

std::string Templates::expand(const Language& language, std::string_view file,
                              const Dictionary& dictionary) const {
  std::string out;
  FRESHET_CHECK(cache_->ExpandNoLoad(name(language, file), kStrip, &dictionary, nullptr, &out));
  return out;
}

}  // namespace freshet::api::web
