#include "core/crawl/page.hpp"

#include <fmt/format.h>

#include "core/json_writer.hpp"

namespace freshet {
namespace {

void append_html_metadata(std::string& out, const CrawledPage& page) {
  ObjectWriter metadata{out};
  metadata.integer("Images", page.images);
  metadata.key("Links");
  out.push_back('{');
  const char* separator = "";
  for (const auto& [host, count] : page.links) {
    out.append(separator);
    append_json_string(out, host);
    out.append(":").append(std::to_string(count));
    separator = ",";
  }
  out.push_back('}');
  metadata.close();
}

Error missing(const char* field) {
  return Error{Errc::missing_field, field, "required", std::string{field} + " is missing"};
}

/// Reads members; remembers the first that is not as it must be.
class Members {
 public:
  explicit Members(const json::object& object) : object_{object} {}

  std::string text(const char* name) {
    const json::value* const value = object_.if_contains(name);
    if (value == nullptr || !value->is_string()) {
      fail(name, value == nullptr);
      return {};
    }
    return std::string{value->get_string()};
  }
  std::optional<std::string> optional_text(const char* name) const {
    const json::value* const value = object_.if_contains(name);
    return value != nullptr && value->is_string() ? std::optional{std::string{value->get_string()}}
                                                  : std::nullopt;
  }
  std::int64_t integer(const char* name) {
    const json::value* const value = object_.if_contains(name);
    if (value == nullptr || !value->is_int64()) {
      fail(name, value == nullptr);
      return 0;
    }
    return value->get_int64();
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  void fail(const char* name, bool is_missing) {
    if (!error_) {
      error_ = is_missing ? missing(name)
                          : Error{Errc::invalid_value, name, "type",
                                  std::string{name} + " is of another type"};
    }
  }

  const json::object& object_;
  std::optional<Error> error_;
};

}  // namespace

std::string CrawledPage::address() const {
  return provider_domain + content_path +
         (content_query_string.empty() ? "" : "?" + content_query_string);
}

std::string CrawledPage::key() const {
  std::string text = address();
  return text.empty() ? fmt::format("{}@{}", warc_filename, content_offset) : text;
}

std::string encode_page(const CrawledPage& page) {
  std::string out;
  ObjectWriter object{out};
  object.text("provider_domain", page.provider_domain);
  object.text("content_path", page.content_path);
  object.text("content_query_string", page.content_query_string);
  object.text("target_uri", page.target_uri);
  if (page.crawled_at) {
    object.text("crawled_at", *page.crawled_at);
  }
  object.key("licences");
  out.push_back('[');
  const char* separator = "";
  for (const LicenceLink& link : page.licences) {
    out.append(separator);
    separator = ",";
    ObjectWriter one{out};
    one.text("cc_domain", link.cc_domain);
    one.text("cc_license", link.cc_license);
    one.text("url", link.url);
    one.text("html_path", link.html_path);
    one.close();
  }
  out.push_back(']');
  object.text("warc_segment", page.warc_segment);
  object.text("warc_filename", page.warc_filename);
  object.integer("content_offset", page.content_offset);
  object.integer("deflate_length", page.deflate_length);
  object.key("html_metadata");
  append_html_metadata(out, page);
  object.close();
  return out;
}

Result<CrawledPage> parse_page(std::string_view value) {
  const auto parsed = parse_json(value);
  if (!parsed) {
    return parsed.error();
  }
  const json::object* const object = parsed->if_object();
  if (object == nullptr) {
    return Error{Errc::malformed_payload, "", "object", "a page that is no object"};
  }
  Members members{*object};
  CrawledPage page;
  page.provider_domain = members.text("provider_domain");
  page.content_path = members.text("content_path");
  page.content_query_string = members.text("content_query_string");
  page.target_uri = members.text("target_uri");
  page.crawled_at = members.optional_text("crawled_at");
  page.warc_segment = members.text("warc_segment");
  page.warc_filename = members.text("warc_filename");
  page.content_offset = members.integer("content_offset");
  page.deflate_length = members.integer("deflate_length");
  if (members.error()) {
    return *members.error();
  }
  const json::array* const licences = value_at(*parsed, "/licences").if_array();
  if (licences == nullptr) {
    return missing("licences");
  }
  for (const json::value& one : *licences) {
    const json::object* const link = one.if_object();
    if (link == nullptr) {
      return Error{Errc::invalid_value, "licences", "type", "a licence link that is no object"};
    }
    Members of_link{*link};
    page.licences.push_back({of_link.text("cc_domain"), of_link.text("cc_license"),
                             of_link.text("url"), of_link.text("html_path")});
    if (of_link.error()) {
      return *of_link.error();
    }
  }
  if (const auto* images = value_at(*parsed, "/html_metadata/Images").if_int64()) {
    page.images = *images;
  }
  if (const json::object* hosts = value_at(*parsed, "/html_metadata/Links").if_object()) {
    for (const auto& entry : *hosts) {
      page.links.emplace_back(entry.key(),
                              entry.value().is_int64() ? entry.value().get_int64() : 0);
    }
  }
  return page;
}

std::vector<json::object> page_rows(const CrawledPage& page) {
  json::object hosts;
  for (const auto& [host, count] : page.links) {
    hosts[host] = count;
  }
  std::vector<json::object> rows;
  for (const LicenceLink& link : page.licences) {
    rows.push_back({{"provider_domain", page.provider_domain},
                    {"content_path", page.content_path},
                    {"content_query_string", page.content_query_string},
                    {"cc_domain", link.cc_domain},
                    {"cc_license", link.cc_license},
                    {"warc_segment", page.warc_segment},
                    {"warc_filename", page.warc_filename},
                    {"content_offset", page.content_offset},
                    {"deflate_length", page.deflate_length},
                    {"html_metadata", json::object{{"Images", page.images}, {"Links", hosts}}}});
  }
  return rows;
}

}  // namespace freshet
