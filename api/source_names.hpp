#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::api {

/// Names of sources, compared without case, each with the spellings in which it is known: the one
/// that is shown first, then those of works in the index.
class SourceNames {
 public:
  SourceNames() = default;
  SourceNames(std::initializer_list<std::string_view> names);

  /// Adds a spelling. The first one of a name is the one that is shown.
  void add(std::string_view spelling);
  /// Adds all spellings that `others` knows of a name, or the name alone.
  void add(std::string_view name, const SourceNames& others);

  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// The spelling that is shown, or `name` itself where it is not known.
  std::string_view shown(std::string_view name) const;
  /// The spellings of a name, the shown one first; null: it is not known.
  const std::vector<std::string>* find(std::string_view name) const;

  bool empty() const { return names_.empty(); }
  /// The shown spelling of each, sorted without case.
  std::vector<std::string> all_shown() const;
  /// Every spelling of each.
  std::vector<std::string> spellings() const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> names_;  ///< by folded name
};

}  // namespace freshet::api
