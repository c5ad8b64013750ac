// Files of the crawl, and pages of its sites. The first byte says what the rest is: a WARC or WAT
// file as it is, or a page of the site with that number.
#include "core/crawl/page.hpp"
#include "core/crawl/warc_reader.hpp"
#include "core/record/envelope.hpp"
#include "processors/clean/cleaner.hpp"
#include "processors/extract/extract_page.hpp"
#include "processors/extract/extractor.hpp"
#include "producers/common_crawl/wat.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_page(const CrawledPage& page) {
  const std::string text = encode_page(page);
  require_json(text, "a page is JSON");
  const auto again = parse_page(text);
  require(again && encode_page(*again) == text, "a page comes back as it was written", text);
  require(page_rows(page).size() == page.licences.size(), "a page has a row per licence link");
  require(!page.licences.empty(), "a page has a licence link");
}

void check_file(std::string_view bytes) {
  MemorySource source{bytes};
  WarcReader reader{source, 1U << 20U};
  WatReader wat;
  std::uint64_t before = 0;
  // Each record and fault takes at least a byte of the file, or of what it was packed from.
  for (std::size_t i = 0;; ++i) {
    const auto next = reader.next();
    require(next.has_value(), "memory can be read");
    if (*next == WarcReader::Next::end) {
      break;
    }
    require(i < 100'000, "a file ends");
    if (*next == WarcReader::Next::fault) {
      require(!reader.fault().error.rule().empty(), "a fault names its rule");
      continue;
    }
    require(reader.record().offset >= before, "records come in order");
    before = reader.record().offset;
    for (const CrawlVerdict& verdict :
         {wat.read(reader.record(), "s"), read_warc_record(reader.record(), "s/warc/f")}) {
      if (const auto* const page = std::get_if<CrawledPage>(&verdict)) {
        check_page(*page);
      }
    }
  }
  require(reader.read_bytes() <= bytes.size(), "no more is read than there is");
}

void check_site(const Site& site, std::string_view html) {
  const auto document = HtmlDocument::parse(html, "");
  if (!document) {
    return;
  }
  const std::string address = std::string{site.domains.front()} + "/accounts/1?p=image";
  const auto pictures =
      extract_pictures({&site, site.domains.front()}, {*document, address, site.domains.front()});
  if (!pictures) {
    require(!pictures.error().field().empty(), "a page that is put aside names what is missing");
    return;
  }
  for (const json::object& picture : *pictures) {
    require_json(to_json(picture), "a picture is JSON");
  }
}

void check_record(const Site& site, std::string_view bytes) {
  CrawledPage page;
  page.provider_domain = site.domains.front();
  page.content_path = "/accounts/1";
  page.content_query_string = "p=image";
  page.crawled_at = "2024-02-20T22:13:07Z";
  const auto outcome = extract_page(page, bytes);
  if (!outcome) {
    return;
  }
  static Cleaner cleaner;
  static RawReader raw;
  for (const ExtractedSighting& sighting : outcome->sightings) {
    require_json(sighting.value, "a sighting is JSON");
    Arena arena;
    const auto record = raw.read(sighting.value, arena);
    require(record.has_value(), "a sighting is a raw record", sighting.value);
    const CleanResult result = cleaner.clean(record->body, arena);
    if (const auto* const work = std::get_if<Work>(&result)) {
      const std::string key =
          make_work_key(work->media_type, work->provider, work->foreign_identifier);
      require(key == sighting.key, "clean makes the key that the extractor made", key,
              sighting.key);
    }
  }
}

void check(std::string_view input) {
  if (input.empty()) {
    return;
  }
  const auto number = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  const Site& site = sites()[number % sites().size()];
  switch (number / 64) {
    case 0:
    case 1:
      return check_file(input);
    case 2:
      return check_record(site, input);
    default:
      return check_site(site, input);
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
