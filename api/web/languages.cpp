#include "api/web/languages.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "core/text.hpp"

namespace freshet::api::web {
namespace {

constexpr std::array<Language, 7> kLanguages{{
    {.tag = "en", .locale = "en", .name = "English"},
    {.tag = "de", .locale = "de", .name = "Deutsch"},
    {.tag = "es", .locale = "es", .name = "Español"},
    {.tag = "fr", .locale = "fr", .name = "Français"},
    {.tag = "ja", .locale = "ja", .name = "日本語"},
    {.tag = "ar", .locale = "ar", .name = "العربية", .is_right_to_left = true},
    {.tag = "en-XA", .locale = "en", .name = "[Pšéúðö]", .is_pseudo = true},
}};

/// `;q=0.8` of an entry; 1 where it does not say.
double weight_of(std::string_view parameters) {
  const std::size_t at = parameters.find("q=");
  if (at == parameters.npos) {
    return 1;
  }
  double weight = 0;
  const std::string_view number = trim_space(parameters.substr(at + 2));
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), weight);
  return fault == std::errc{} ? weight : 0;
}

}  // namespace

std::span<const Language> languages() { return kLanguages; }

const Language* find_language(std::string_view tag) {
  const auto found = std::ranges::find(kLanguages, tag, &Language::tag);
  return found == kLanguages.end() ? nullptr : &*found;
}

const Language& negotiate(std::string_view accept_language) {
  const Language* best = kLanguages.data();
  double best_weight = 0;
  while (!accept_language.empty()) {
    const std::size_t comma = std::min(accept_language.find(','), accept_language.size());
    const std::string_view entry = accept_language.substr(0, comma);
    accept_language.remove_prefix(std::min(comma + 1, accept_language.size()));
    const std::size_t semicolon = std::min(entry.find(';'), entry.size());
    const std::string range = lower_ascii(trim_space(entry.substr(0, semicolon)));
    const double weight = weight_of(entry.substr(semicolon));
    const Language* const found = find_language(std::string_view{range}.substr(0, range.find('-')));
    if (found != nullptr && weight > best_weight) {
      best = found;
      best_weight = weight;
    }
  }
  return *best;
}

}  // namespace freshet::api::web
