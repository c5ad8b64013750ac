#include "api/query_string.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::api {

std::string decode_query_text(std::string_view text) {
  return well_formed_utf8(percent_decode(text, Plus::space));
}

Query Query::parse(std::string_view text) {
  Query query;
  for_each(text, [&](std::string name, std::string value) {
    query.values_.insert_or_assign(std::move(name), std::move(value));
  });
  return query;
}

void Query::for_each(std::string_view text,
                     const std::function<void(std::string name, std::string value)>& use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    use(decode_query_text(pair.substr(0, equals)),
        decode_query_text(pair.substr(std::min(equals + 1, pair.size()))));
  }
}

const std::string* Query::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

const std::string* Query::find_filled(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr || value->empty() ? nullptr : value;
}

}  // namespace freshet::api
