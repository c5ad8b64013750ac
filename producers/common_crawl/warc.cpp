#include <algorithm>
#include <array>

#include "core/crawl/html_document.hpp"
#include "core/crawl/http_answer.hpp"
#include "core/text.hpp"
#include "producers/common_crawl/page_builder.hpp"
#include "producers/common_crawl/wat.hpp"

namespace freshet {
namespace {

constexpr std::array<std::string_view, 12> kLinkAttributes{
    "action", "background", "cite",    "classid", "codebase", "data",
    "href",   "longdesc",   "profile", "src",     "srcset",   "usemap"};

struct FoundLink {
  std::string html_path;
  std::string url;
};

std::string upper_case(std::string_view name) {
  std::string text{name};
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::vector<FoundLink> links_of(const HtmlDocument& document) {
  std::vector<FoundLink> links;
  for (const HtmlElement& element : document.find_all("")) {
    element.each_attribute([&](std::string_view name, std::string_view value) {
      if (std::ranges::find(kLinkAttributes, name) != kLinkAttributes.end()) {
        links.push_back(
            {upper_case(element.name()) + "@/" + std::string{name}, std::string{value}});
      }
    });
  }
  return links;
}

}  // namespace

CrawlVerdict read_warc_record(const WarcRecord& record, std::string_view path) {
  const auto type = record.field("warc-type");
  if (!type) {
    return Error{Errc::missing_field, "WARC-Type", "required", "WARC-Type is missing"};
  }
  if (*type != "response") {
    return CrawlDrop::not_response;
  }
  if (record.content.find("creativecommons.org") == std::string_view::npos &&
      record.content.find("&#") == std::string_view::npos) {
    return CrawlDrop::no_licence_link;
  }
  const auto answer = read_http_answer(record.content);
  if (!answer ||
      (!answer->content_type.empty() && answer->content_type.find("html") == std::string::npos)) {
    return CrawlDrop::no_html;
  }
  const auto document = HtmlDocument::parse(answer->body, answer->charset);
  if (!document) {
    const auto error = document.error();
    return error.rule() == "empty" ? CrawlVerdict{CrawlDrop::no_html} : CrawlVerdict{error};
  }
  const auto target = record.field("warc-target-uri");
  const std::vector<FoundLink> links = links_of(*document);
  PageBuilder builder{target.value_or("")};
  for (const FoundLink& link : links) {
    builder.link(link.html_path, link.url);
  }
  if (!builder.has_licence_link()) {
    return CrawlDrop::no_licence_link;
  }
  if (!target) {
    return Error{Errc::missing_field, "WARC-Target-URI", "required", "WARC-Target-URI is missing"};
  }
  if (record.length == 0) {
    return Error{Errc::invalid_value, "warc", "member_per_record",
                 "the record shares its gzip member: no range of the file gives it"};
  }
  auto page = builder.build();
  if (!page) {
    return page.error();
  }
  page->warc_segment = segment_of(path);
  page->warc_filename = path.substr(path.rfind('/') + 1);
  page->content_offset = static_cast<std::int64_t>(record.offset);
  page->deflate_length = static_cast<std::int64_t>(record.length);
  if (const auto date = record.field("warc-date")) {
    page->crawled_at = std::string{*date};
  }
  return std::move(*page);
}

}  // namespace freshet
