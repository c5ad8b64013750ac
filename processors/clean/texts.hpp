#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "processors/clean/scalar.hpp"
#include "processors/record/work.hpp"

namespace freshet::clean {

/// A text in kept form, decoded and as JSON.
struct Kept {
  std::string_view text;
  std::string_view json;
};

/// Brings texts into kept form. What has it already is passed on without a copy, the rest goes to
/// the arena.
class Texts {
 public:
  Texts(Arena& arena, std::string& scratch) : arena_{&arena}, scratch_{&scratch} {}

  /// Nothing for what is not a text, number or boolean.
  std::optional<Kept> keep(const Scalar& scalar);

  /// A text that has the kept form and lives long enough.
  Kept keep_clean(std::string_view text);
  /// The same for one that has to be copied.
  Kept copy_clean(std::string_view text);

  Arena& arena() { return *arena_; }

 private:
  Arena* arena_;
  std::string* scratch_;
};

}  // namespace freshet::clean
