#include "processors/extract/extract_page.hpp"

#include <fmt/format.h>

#include "core/crawl/html_document.hpp"
#include "core/crawl/http_answer.hpp"
#include "core/crawl/warc_reader.hpp"
#include "core/key.hpp"
#include "core/record/envelope.hpp"
#include "core/record/members.hpp"
#include "core/topics.hpp"
#include "processors/extract/extractor.hpp"

namespace freshet {
namespace {

constexpr std::string_view kOtherPages = "common_crawl";

Error bad_record(std::string rule, std::string text) {
  return Error{Errc::malformed_payload, "warc", std::move(rule), std::move(text)};
}

/// The members of a sighting's work in their one order.
std::string work_of(const json::object& fields) {
  std::string out = R"({"media_type":"image")";
  for (const std::string_view name : kSightingMembers) {
    const json::value* const value = fields.if_contains(name);
    if (value == nullptr || name == "media_type") {
      continue;
    }
    out += ',';
    append_json_string(out, name);
    out += ':';
    out += to_json(*value);
  }
  return out + '}';
}

bool has_text(const json::object& fields, std::string_view name) {
  const json::value* const value = fields.if_contains(name);
  return value != nullptr && value->is_string() && !value->get_string().empty();
}

/// `common_crawl CC-MAIN-2018-13`, from `crawl-data/CC-MAIN-2018-13/segments/…`.
std::string run_id_of(const CrawledPage& page) {
  const std::string_view segment = page.warc_segment;
  const std::size_t begin = segment.find("CC-MAIN-");
  if (begin == std::string_view::npos) {
    return std::string{kOtherPages};
  }
  return fmt::format("{}-{}", kOtherPages, segment.substr(begin, segment.find('/', begin) - begin));
}

}  // namespace

std::string_view to_string(ExtractDrop reason) noexcept {
  switch (reason) {
    case ExtractDrop::no_extractor:
      return "no_extractor";
    case ExtractDrop::page_unwanted:
      return "page_unwanted";
    case ExtractDrop::no_picture:
      return "no_picture";
    case ExtractDrop::record_gone:
      return "record_gone";
    case ExtractDrop::missing_field:
      return "missing_field";
  }
  return "";
}

std::optional<ExtractDrop> judge_page(const CrawledPage& page) {
  const FoundSite found = find_site(page.provider_domain);
  if (found.site == nullptr) {
    return ExtractDrop::no_extractor;
  }
  if (found.site->wants != nullptr && !found.site->wants(page.address())) {
    return ExtractDrop::page_unwanted;
  }
  return std::nullopt;
}

std::string provider_of(const CrawledPage& page) {
  const FoundSite found = find_site(page.provider_domain);
  return std::string{found.site == nullptr ? kOtherPages : found.site->provider};
}

Result<ExtractOutcome> extract_page(const CrawledPage& page, std::string_view fragment) {
  const FoundSite found = find_site(page.provider_domain);
  if (found.site == nullptr) {
    return ExtractOutcome{};
  }
  MemorySource source{fragment};
  WarcReader reader{source};
  const auto next = reader.next();
  if (!next) {
    return next.error();
  }
  if (*next == WarcReader::Next::fault) {
    return reader.fault().error;
  }
  if (*next == WarcReader::Next::end) {
    return bad_record("empty", "no record where the page should lie");
  }
  const WarcRecord& record = reader.record();
  const auto answer = read_http_answer(record.content);
  if (record.field("warc-type") != "response" || !answer) {
    return bad_record("response", "the record is no answer to a request");
  }
  const auto seen_at =
      parse_time(record.field("warc-date")
                     .value_or(page.crawled_at ? std::string_view{*page.crawled_at} : ""));
  if (!seen_at) {
    return Error{Errc::invalid_value, "WARC-Date", "time",
                 "the record does not say when it was read"};
  }
  const auto html = HtmlDocument::parse(answer->body, answer->charset);
  if (!html) {
    return html.error();
  }
  const std::string address = page.address();
  auto pictures = extract_pictures(found, {*html, address, found.domain});
  if (!pictures) {
    return pictures.error();
  }
  ExtractOutcome outcome;
  const std::string run_id = run_id_of(page);
  for (const json::object& fields : *pictures) {
    if (!has_text(fields, "url") || !has_text(fields, "foreign_identifier") ||
        !has_text(fields, "foreign_landing_url")) {
      ++outcome.incomplete;
      continue;
    }
    ExtractedSighting sighting;
    sighting.key = make_work_key(MediaType::image, found.site->provider,
                                 std::string_view{fields.at("foreign_identifier").get_string()});
    const std::string work = work_of(fields);
    sighting.value = write_raw_record({.fetched_at = *seen_at, .run_id = run_id, .body = work});
    if (sighting.key.size() + sighting.value.size() + 64 > kRawMaxBytes) {
      return Error{Errc::too_large, "work", "raw_1_mib", "a sighting of more than 1 MiB"};
    }
    outcome.sightings.push_back(std::move(sighting));
  }
  return outcome;
}

}  // namespace freshet
