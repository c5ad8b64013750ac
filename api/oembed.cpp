#include "api/oembed.hpp"

#include <algorithm>
#include <boost/url.hpp>

#include "api/json_writer.hpp"
#include "api/licenses.hpp"

namespace freshet::api {
namespace {

bool is_valid_url(const std::string& text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url) {
    return false;
  }
  const std::string_view scheme{url->scheme().data(), url->scheme().size()};
  const std::string host = url->host();
  return (scheme == "http" || scheme == "https" || scheme == "ftp" || scheme == "ftps") &&
         !host.empty() &&
         (host == "localhost" || host.front() == '[' || host.find('.') != std::string::npos);
}

/// Any spelling of a UUID that is common: with or without dashes and braces, in any case.
std::optional<std::string> read_uuid(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == '-' || c == '{' || c == '}') {
      continue;
    }
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f'))) {
      return std::nullopt;
    }
    digits += lower;
  }
  if (digits.size() != 32) {
    return std::nullopt;
  }
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) {
    digits.insert(dash, 1, '-');
  }
  return digits;
}

}  // namespace

Reply oembed_error(std::string_view sentence, const std::string& url) {
  return field_error_reply({{std::string{sentence}, {url}}});
}

std::variant<OembedTarget, Reply> parse_oembed(const Query& query) {
  const std::string* given = query.find("url");
  if (given == nullptr) {
    return field_error_reply({{"url", {"This field is required."}}});
  }
  const std::string url{trim_unicode(*given)};
  if (url.empty()) {
    return field_error_reply({{"url", {"This field may not be blank."}}});
  }
  if (!is_valid_url(url)) {
    return field_error_reply({{"url", {"Enter a valid URL."}}});
  }
  std::string_view path = url;
  path = path.substr(0, path.find_first_of("?#"));
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  const auto identifier = read_uuid(path.substr(path.rfind('/') + 1));
  if (!identifier) {
    return oembed_error("Could not parse identifier from URL.", url);
  }
  return OembedTarget{*identifier, url};
}

std::string build_oembed(const WorkRow& row) {
  std::string out;
  ObjectWriter object{out};
  object.text("version", "1.0");
  object.text("type", "photo");
  object.integer_or_null("width", row.width);
  object.integer_or_null("height", row.height);
  object.text_or_null("title", row.title);
  object.text_or_null("author_name", row.creator);
  object.text_or_null(
      "author_url", row.creator_url ? std::optional{with_scheme(*row.creator_url)} : std::nullopt);
  object.text_or_null("license_url", item_license_url(row));
  object.close();
  return out;
}

}  // namespace freshet::api
