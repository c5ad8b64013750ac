#pragma once

#include <cstdint>

#include "core/json.hpp"
#include "producers/emit.hpp"

namespace freshet {

/// Makes works of a manifest of Presentation 2 or 3.
/// @param most  pictures or sounds that are taken; 0: all.
/// @throws WrongShape  it is no manifest.
void expand_iiif_manifest(const json::value& manifest, std::int64_t most, Emit& emit);

/// The address of a resource: `id` or `@id`; empty where it has none. A text is its own address.
std::string iiif_id(const json::value& resource);
/// `Manifest` of `sc:Manifest` and `Manifest`.
std::string iiif_type(const json::value& resource);
/// A text in any of the forms that labels have: a text, `{"@value"}`, a list of these, or lists by
/// language, of which English comes first, then `none`, then any.
std::string iiif_text(const json::value& label);

}  // namespace freshet
