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
struct Workspace {
  const Sighting& in;
  Work& work;
  Texts& texts;
  UrlCleaner& urls;
  LicenseUrls& licenses;
  std::string& scratch;
};

/// Provider, identifier, landing page and URL.
/// @error Errc::missing_field: absent, null or empty. Errc::invalid_value: breaks a rule.
std::optional<Error> set_identity(Workspace& space);

/// Texts, numbers, other URLs, file type, category.
/// What breaks a rule is left out and named in `Work::left_out`.
/// @error Errc::invalid_value: a URL whose extension is of another media type.
std::optional<Error> set_fields(Workspace& space);

/// Licence, version and the two licence URLs in `meta_data`; false when there is no open licence.
bool set_license(Workspace& space);

/// The set that a track belongs to, and `genres` and `alt_files`.
void set_audio_collections(Workspace& space);

/// The error of a field that breaks a rule.
Error broken(Field field, std::string_view rule);

}  // namespace freshet::clean
