#include "producers/lists.hpp"

#include "producers/provider.hpp"

namespace freshet {

std::optional<std::string> joined(const json::value& list, std::string_view separator) {
  const json::array* array = list.if_array();
  if (array == nullptr) {
    return std::nullopt;
  }
  std::string text;
  for (const json::value& element : *array) {
    if (&element != array->begin()) {
      text += separator;
    }
    text += required_text(element);
  }
  return text;
}

json::value first_element(const json::value& list, json::value otherwise) {
  const auto all = elements(list);
  return all.empty() ? std::move(otherwise) : all.front();
}

}  // namespace freshet
