#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/media.hpp"

namespace freshet::api::web {

/// A value that a filter may have; texts are ids for `Words::text`.
struct Choice {
  std::string_view value;
  const char* label;
  const char* meaning = nullptr;  ///< a sentence, where the label is not enough
};

/// A filter as the pages show it. What it does is the API's: the name is that of its parameter.
struct Filter {
  std::string_view name;
  const char* label;
  std::span<const Choice> choices;
  std::optional<Media> media = std::nullopt;  ///< nothing: of both

  bool is_of(Media which) const { return !media || *media == which; }
};

/// All of them but `source`, whose values are known at run time, in the order of the pages.
std::span<const Filter> filters();

/// What a licence asks for or gives, as a person reads it.
struct LicenceElement {
  std::string_view icon;  ///< id in icons.svg
  const char* label;
  const char* meaning;
};

/// The elements of a licence, in the order of its name; of an unknown one none.
std::vector<LicenceElement> licence_elements(std::string_view slug);

/// `CC BY-SA 4.0`, `CC0 1.0`, `Public Domain Mark 1.0`; an unknown slug in capitals.
std::string licence_name(std::string_view slug, std::string_view version);

/// Whether it is a mark or a dedication, and no licence: nothing is asked for.
bool is_public_domain(std::string_view slug);

}  // namespace freshet::api::web
