#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::api {

/// The parameters of a request, decoded. Names are case-sensitive; of a repeated one the last
/// counts.
class Query {
 public:
  Query() = default;

  /// Reads `a=1&b=x+y&c`. `+` is a space; an escape that is none (`%zz`) stays as it is; bytes that
  /// are not UTF-8 become U+FFFD, so that what follows may rely on UTF-8.
  static Query parse(std::string_view text);

  /// Calls `use` with each pair of a query or a form, decoded as above, in their order.
  static void for_each(std::string_view text,
                       const std::function<void(std::string name, std::string value)>& use);

  /// The value, also when it is empty; nothing when the name was not sent.
  const std::string* find(std::string_view name) const;
  /// The value unless it is empty: an empty parameter counts as absent.
  const std::string* find_filled(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// `%41` becomes `A`, and `+` a space; then every ill-formed stretch of bytes one U+FFFD.
std::string decode_query_text(std::string_view text);

}  // namespace freshet::api
