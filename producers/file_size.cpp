#include "producers/file_size.hpp"

#include <charconv>

#include "core/text.hpp"

namespace freshet {

Result<std::optional<std::int64_t>> file_size(Fetch& fetch, const std::string& url) {
  const auto response = fetch.head(url);
  if (!response) {
    return response.error();
  }
  const std::string* length = response->header("content-length");
  if (length == nullptr) {
    return std::optional<std::int64_t>{};
  }
  const std::string_view digits = trim_space(*length);
  std::int64_t bytes = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), bytes);
  const bool is_size = fault == std::errc{} && end == digits.data() + digits.size() && bytes > 0;
  return is_size ? std::optional{bytes} : std::optional<std::int64_t>{};
}

json::value file_size_or_null(Fetch& fetch, const std::string& url) {
  const auto size = file_size(fetch, url);
  return size && *size ? json::value(**size) : json::value(nullptr);
}

}  // namespace freshet
