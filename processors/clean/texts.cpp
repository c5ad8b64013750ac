#include "processors/clean/texts.hpp"

#include "core/text.hpp"
#include "processors/record/json_text.hpp"

namespace freshet::clean {

std::optional<Kept> Texts::keep(const Scalar& scalar) {
  switch (scalar.kind) {
    case Kind::text:
      if (is_clean_text(scalar.text)) {
        return scalar.json.empty() ? keep_clean(scalar.text) : Kept{scalar.text, scalar.json};
      }
      scratch_->clear();
      append_clean_text(*scratch_, scalar.text);
      return copy_clean(*scratch_);
    case Kind::number:
    case Kind::boolean:
      scratch_->clear();
      append_scalar_text(*scratch_, scalar.kind, scalar.text);
      return copy_clean(*scratch_);
    case Kind::absent:
    case Kind::null:
    case Kind::list:
    case Kind::object:
      break;
  }
  return std::nullopt;
}

Kept Texts::keep_clean(std::string_view text) {
  std::string json;
  append_json_text(json, text);
  return {text, copy_to(*arena_, json)};
}

Kept Texts::copy_clean(std::string_view text) {
  if (first_escaped(text) == text.size()) {
    // Nothing to escape: the text is the inside of its own JSON form.
    auto* const begin = static_cast<char*>(arena_->allocate(text.size() + 2, 1));
    begin[0] = '"';
    text.copy(begin + 1, text.size());
    begin[text.size() + 1] = '"';
    return {{begin + 1, text.size()}, {begin, text.size() + 2}};
  }
  return keep_clean(copy_to(*arena_, text));
}

}  // namespace freshet::clean
