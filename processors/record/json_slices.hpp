#pragma once

#include <optional>
#include <string_view>

#include "processors/record/json_text.hpp"
#include "processors/record/work.hpp"

namespace freshet {

/// Walks *compact* JSON by its brackets and quotes and gives slices of it. It trusts that scalars
/// are well-formed (the text was written by us, or cut from parsed JSON), but never leaves the text
/// and refuses structure that does not close.
class JsonSlicer {
 public:
  explicit JsonSlicer(std::string_view text) noexcept : rest_{text} {}

  bool take(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() const noexcept { return rest_.empty(); }

  /// The next value, whatever it is; empty when there is none.
  std::string_view value() noexcept;
  /// The next string with its quotes; empty when there is none.
  std::string_view string() noexcept;

 private:
  std::string_view cut(std::size_t length) noexcept;
  std::size_t string_length(std::size_t start) const noexcept;
  std::size_t bracketed() const noexcept;

  std::string_view rest_;
};

/// Calls visit(name_json, value) per member, in order, the name with its quotes; false as soon as
/// visit says so or when it is no object.
template <class Visit>
bool each_member_slice(std::string_view object, Visit visit) {
  JsonSlicer slicer{object};
  if (!slicer.take('{')) {
    return false;
  }
  if (slicer.take('}')) {
    return slicer.at_end();
  }
  do {
    const std::string_view name = slicer.string();
    if (name.empty() || !slicer.take(':')) {
      return false;
    }
    const std::string_view value = slicer.value();
    if (value.empty() || !visit(name, value)) {
      return false;
    }
  } while (slicer.take(','));
  return slicer.take('}') && slicer.at_end();
}

template <class Visit>
bool each_element_slice(std::string_view array, Visit visit) {
  JsonSlicer slicer{array};
  if (!slicer.take('[')) {
    return false;
  }
  if (slicer.take(']')) {
    return slicer.at_end();
  }
  do {
    const std::string_view value = slicer.value();
    if (value.empty() || !visit(value)) {
      return false;
    }
  } while (slicer.take(','));
  return slicer.take(']') && slicer.at_end();
}

/// Whether the text is one JSON value, nested up to 100 deep, without white space between its
/// tokens: what the slicer trusts its text to be. That it is UTF-8 is not looked at.
bool is_compact_json(std::string_view text) noexcept;

/// The value without null members of objects, at any depth; null elements of arrays stay. The text
/// itself where there is nothing to strip, else a copy in the arena.
std::string_view strip_nulls(std::string_view json, Arena& arena);

}  // namespace freshet
