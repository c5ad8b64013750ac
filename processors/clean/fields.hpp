#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "processors/clean/license.hpp"
#include "processors/clean/sighting.hpp"
#include "processors/clean/texts.hpp"
#include "processors/clean/url.hpp"

namespace freshet::clean {

/// What the rules for fields share while one sighting is cleaned.
struct Bench {
  const Sighting& in;
  Work& work;
  Texts& texts;
  UrlCleaner& urls;
  LicenseUrls& licenses;
  std::string& scratch;
};

/// Provider, identifier, landing page and URL.
/// @error Errc::missing_field: absent, null or empty. Errc::invalid_value: breaks a rule.
std::optional<Error> set_identity(Bench& bench);

/// Texts, numbers, other URLs, file type, category.
/// @error Errc::invalid_value: an infinite number; a URL whose extension is of another media type.
std::optional<Error> set_fields(Bench& bench);

/// Licence, version and the two licence URLs in `meta_data`; false when there is no open licence.
bool set_license(Bench& bench);

/// The set that a track belongs to, and `genres` and `alt_files`.
void set_audio_collections(Bench& bench);

/// The error of a field that breaks a rule.
Error broken(Field field, std::string_view rule);

}  // namespace freshet::clean
