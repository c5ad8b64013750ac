#include <algorithm>

#include "core/text.hpp"
#include "processors/extract/extractor.hpp"

namespace freshet {

Picture& Picture::put_text(std::string_view name, std::string_view value) {
  std::string cleaned = clean_text(value);
  if (!cleaned.empty()) {
    fields_[name] = std::move(cleaned);
  }
  return *this;
}

Picture& Picture::value(std::string_view name, json::value value) {
  if (!value.is_null()) {
    fields_[name] = std::move(value);
  }
  return *this;
}

Picture& Picture::put_meta(std::string_view name, std::string_view value) {
  meta_[name] = clean_text(value);
  return *this;
}

Picture& Picture::put_meta(std::string_view name, json::value value) {
  meta_[name] = std::move(value);
  return *this;
}

Picture& Picture::tags(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  json::array tags;
  std::vector<std::string> seen;
  for (const std::string& name : names) {
    std::string cleaned = clean_text(name);
    if (cleaned.empty() || std::ranges::find(seen, cleaned) != seen.end()) {
      continue;
    }
    if (seen.size() == kMost) {
      break;
    }
    tags.emplace_back(cleaned);
    seen.push_back(std::move(cleaned));
  }
  if (!tags.empty()) {
    fields_["tags"] = std::move(tags);
  }
  return *this;
}

std::string Picture::text_of(std::string_view name) const {
  const json::value* const found = fields_.if_contains(name);
  return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
}

json::object Picture::take() && {
  if (!meta_.empty()) {
    fields_["meta_data"] = std::move(meta_);
  }
  if (!fields_.contains("foreign_identifier") && fields_.contains("url")) {
    fields_["foreign_identifier"] = fields_["url"];
  }
  return std::move(fields_);
}

}  // namespace freshet
