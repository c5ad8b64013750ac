#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace freshet {

/// Sources of which no work is shown; names are compared without case.
class HiddenSources {
 public:
  /// @param folded  names as `fold_case` gives them
  explicit HiddenSources(std::set<std::string, std::less<>> folded);
  bool contains(std::string_view source) const;

 private:
  std::set<std::string, std::less<>> folded_;
};

/// Which sources are hidden, by the same order as in the API: what was decided of a source beats
/// what policy says of the registry, and that beats the registry that is shipped.
///
/// @param shipped  schemas/sources.json
/// @param said     policy's rule `sources` as JSON; `null`: policy says nothing. One that cannot be
///                 read says nothing either.
/// @param decided  by folded name, of `source_visibility`
HiddenSources hidden_sources(std::string_view shipped, std::string_view said,
                             const std::map<std::string, bool>& decided);

}  // namespace freshet
