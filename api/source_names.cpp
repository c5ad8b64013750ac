#include "api/source_names.hpp"

#include <algorithm>

#include "core/fold.hpp"

namespace freshet::api {

SourceNames::SourceNames(std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    add(name);
  }
}

void SourceNames::add(std::string_view spelling) {
  std::vector<std::string>& spellings = names_[fold_case(spelling)];
  if (std::ranges::find(spellings, spelling) == spellings.end()) {
    spellings.emplace_back(spelling);
  }
}

void SourceNames::add(std::string_view name, const SourceNames& others) {
  const std::vector<std::string>* const known = others.find(name);
  if (known == nullptr) {
    return add(name);
  }
  for (const std::string& spelling : *known) {
    add(spelling);
  }
}

const std::vector<std::string>* SourceNames::find(std::string_view name) const {
  const auto found = names_.find(fold_case(name));
  return found == names_.end() ? nullptr : &found->second;
}

std::string_view SourceNames::shown(std::string_view name) const {
  const std::vector<std::string>* const spellings = find(name);
  return spellings == nullptr ? name : std::string_view{spellings->front()};
}

std::vector<std::string> SourceNames::all_shown() const {
  std::vector<std::string> names;
  for (const auto& [folded, spellings] : names_) {
    names.push_back(spellings.front());
  }
  return names;
}

std::vector<std::string> SourceNames::spellings() const {
  std::vector<std::string> all;
  for (const auto& [folded, spellings] : names_) {
    all.insert(all.end(), spellings.begin(), spellings.end());
  }
  return all;
}

}  // namespace freshet::api
