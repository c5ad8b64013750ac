#include "producers/common_crawl/wat.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <unordered_set>

#include "core/text.hpp"
#include "producers/common_crawl/page_builder.hpp"

namespace freshet {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kLetters = "creativecommons.org";
static_assert(simdjson::SIMDJSON_PADDING <= 64);

bool holds(std::string_view text, std::string_view part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

/// Whether the letters may be there at all: as they are, or with one of them as `\u0063`.
bool may_hold_letters(std::string_view json_text) {
  if (holds(json_text, kLetters)) {
    return true;
  }
  // Backslashes are rare in such records, and memchr is the fastest of all searches.
  for (std::string_view rest = json_text;;) {
    const std::size_t found = rest.find('\\');
    if (found == std::string_view::npos || rest.size() - found < 6) {
      return false;
    }
    rest.remove_prefix(found + 1);
    if (rest.starts_with("u00")) {
      const int code = hex_value(rest[3]) * 16 + hex_value(rest[4]);
      if (code > 0 && kLetters.find(static_cast<char>(code)) != std::string_view::npos) {
        return true;
      }
    } else {
      rest.remove_prefix(1);  // what is escaped is no begin of an escape
    }
  }
}

/// The member of an object, the last of several of one name.
std::optional<dom::element> member(const dom::element& value, std::string_view name) {
  dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::optional<dom::element> found;
  for (const auto field : object) {
    if (field.key == name) {
      found = field.value;
    }
  }
  return found;
}

std::optional<std::string_view> text_of(const std::optional<dom::element>& value) {
  std::string_view text;
  if (!value || value->get(text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return text;
}

Error missing(const char* field) {
  return Error{Errc::missing_field, field, "required",
               std::string{field} + " is missing or no text"};
}

/// A whole number in a text, as Python's `int` reads one: white space around it, a sign, and single
/// underscores between digits.
std::optional<std::int64_t> integer_in(std::string_view text) {
  text = trim_space(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) {
      return std::nullopt;
    }
  }
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_between = text[i] == '_' && i > 0 && i + 1 < text.size() &&
                            is_ascii_digit(text[i - 1]) && is_ascii_digit(text[i + 1]);
    if (!is_between) {
      digits.push_back(text[i]);
    }
  }
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return read.ec == std::errc{} && read.ptr == digits.data() + digits.size() && !digits.empty()
             ? std::optional{value}
             : std::nullopt;
}

/// Member of a Container that holds a number as text.
Result<std::int64_t> number_at(const std::optional<dom::element>& value, const char* field) {
  const auto text = text_of(value);
  if (!text) {
    return missing(field);
  }
  const auto number = integer_in(*text);
  if (!number) {
    return Error{Errc::invalid_value, field, "integer",
                 std::string{field} + " is no whole number: " + std::string{text->substr(0, 40)}};
  }
  return *number;
}

/// Adds the page's links. @return nothing: well.
std::optional<Error> add_links(const dom::element& links, PageBuilder& builder) {
  dom::array list;
  if (links.get(list) != simdjson::SUCCESS) {
    dom::object object;
    if (links.get(object) == simdjson::SUCCESS && object.size() == 0) {
      return std::nullopt;
    }
    return Error{Errc::invalid_value, "Links", "array", "Links is no list"};
  }
  for (const dom::element link : list) {
    dom::object object;
    if (link.get(object) != simdjson::SUCCESS) {
      return Error{Errc::invalid_value, "Links", "object", "a link that is no object"};
    }
    const auto url = member(link, "url");
    if (!url) {
      continue;
    }
    const auto address = text_of(url);
    if (!address) {
      return Error{Errc::invalid_value, "url", "type", "a link whose address is no text"};
    }
    builder.link(text_of(member(link, "path")), *address);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(CrawlDrop reason) noexcept {
  switch (reason) {
    case CrawlDrop::not_metadata:
      return "not_metadata";
    case CrawlDrop::not_response:
      return "not_response";
    case CrawlDrop::no_html:
      return "no_html";
    case CrawlDrop::no_licence_link:
      return "no_licence_link";
  }
  return "";
}

std::string segment_of(std::string_view path) {
  for (const std::string_view folder : {"/wat/", "/warc/"}) {
    if (const std::size_t at = path.find(folder); at != std::string_view::npos) {
      path = path.substr(0, at);
      break;
    }
  }
  const std::size_t begin = path.find("crawl-data/");
  return std::string{trim_space(begin == std::string_view::npos ? path : path.substr(begin))};
}

struct WatReader::Impl {
  dom::parser parser;
};

WatReader::WatReader() : impl_{std::make_unique<Impl>()} {}
WatReader::~WatReader() = default;

CrawlVerdict WatReader::read(const WarcRecord& record, std::string_view segment) {
  if (record.field("content-type") != "application/json") {
    return CrawlDrop::not_metadata;
  }
  if (!may_hold_letters(record.content)) {
    return CrawlDrop::no_licence_link;
  }
  dom::element root;
  if (const auto error =
          impl_->parser.parse(record.content.data(), record.content.size(), false).get(root);
      error != simdjson::SUCCESS) {
    return Error{Errc::malformed_payload, "", "json", simdjson::error_message(error)};
  }
  const auto envelope = member(root, "Envelope");
  const auto header = envelope ? member(*envelope, "WARC-Header-Metadata") : std::nullopt;
  const auto type = text_of(header ? member(*header, "WARC-Type") : std::nullopt);
  if (!type) {
    return missing("WARC-Type");
  }
  if (*type != "response") {
    return CrawlDrop::not_response;
  }
  const auto payload = member(*envelope, "Payload-Metadata");
  const auto http = payload ? member(*payload, "HTTP-Response-Metadata") : std::nullopt;
  if (!http) {
    return Error{Errc::missing_field, "HTTP-Response-Metadata", "required",
                 "HTTP-Response-Metadata is missing"};
  }
  const auto html = member(*http, "HTML-Metadata");
  const auto links = html ? member(*html, "Links") : std::nullopt;
  if (!links) {
    return CrawlDrop::no_html;
  }
  const auto target = text_of(member(*header, "WARC-Target-URI"));
  PageBuilder builder{target.value_or("")};
  if (auto error = add_links(*links, builder)) {
    return *error;
  }
  if (!builder.has_licence_link()) {
    return CrawlDrop::no_licence_link;
  }
  if (!target) {
    return missing("WARC-Target-URI");
  }
  const auto container = member(root, "Container");
  const auto in_container = [&](const char* name) {
    return container ? member(*container, name) : std::nullopt;
  };
  const auto filename = text_of(in_container("Filename"));
  if (!filename) {
    return missing("Filename");
  }
  const auto offset = number_at(in_container("Offset"), "Offset");
  if (!offset) {
    return offset.error();
  }
  const auto gzip = in_container("Gzip-Metadata");
  const auto length =
      number_at(gzip ? member(*gzip, "Deflate-Length") : std::nullopt, "Deflate-Length");
  if (!length) {
    return length.error();
  }
  auto page = builder.build();
  if (!page) {
    return page.error();
  }
  page->warc_segment = segment;
  page->warc_filename = trim_space(*filename);
  page->content_offset = *offset;
  page->deflate_length = *length;
  if (const auto date = text_of(member(*header, "WARC-Date"))) {
    page->crawled_at = *date;
  }
  return std::move(*page);
}

}  // namespace freshet
