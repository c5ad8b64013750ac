#include "core/crawl/page.hpp"

#include <gmock/gmock.h>

namespace freshet {
namespace {

CrawledPage example() {
  CrawledPage page;
  page.provider_domain = "awoiaf.westeros.org";
  page.content_path = "/index.php";
  page.content_query_string = "title=Riverrun&action=credits";
  page.target_uri = "http://awoiaf.westeros.org/index.php?title=Riverrun&action=credits";
  page.crawled_at = "2018-03-17T04:00:00Z";
  page.licences = {{"creativecommons.org", "/licenses/by-sa/3.0/",
                    "http://creativecommons.org/licenses/by-sa/3.0/", "A@/href"}};
  page.warc_segment = "crawl-data/CC-MAIN-2018-13/segments/1521257644271.19";
  page.warc_filename = "CC-MAIN-20180317035630-20180317055630-00001.warc.gz";
  page.content_offset = 29581578;
  page.deflate_length = 7070;
  page.images = 3;
  page.links = {{"www.westeros.org", 1}, {"creativecommons.org", 1}, {"www.mediawiki.org", 2}};
  return page;
}

TEST(CrawledPage, ComesBackAsItWasWritten) {
  const std::string text = encode_page(example());
  const auto page = parse_page(text);
  ASSERT_TRUE(page.has_value()) << page.error().message();
  EXPECT_EQ(encode_page(*page), text);
  EXPECT_EQ(page->address(), "awoiaf.westeros.org/index.php?title=Riverrun&action=credits");
  EXPECT_EQ(page->warc_path(),
            "crawl-data/CC-MAIN-2018-13/segments/1521257644271.19/warc/"
            "CC-MAIN-20180317035630-20180317055630-00001.warc.gz");
}

TEST(CrawledPage, HasTheOriginalsRows) {
  const auto rows = page_rows(example());
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(to_json(rows[0]),
            R"({"provider_domain":"awoiaf.westeros.org","content_path":"/index.php",)"
            R"("content_query_string":"title=Riverrun&action=credits",)"
            R"("cc_domain":"creativecommons.org","cc_license":"/licenses/by-sa/3.0/",)"
            R"("warc_segment":"crawl-data/CC-MAIN-2018-13/segments/1521257644271.19",)"
            R"("warc_filename":"CC-MAIN-20180317035630-20180317055630-00001.warc.gz",)"
            R"("content_offset":29581578,"deflate_length":7070,"html_metadata":{"Images":3,)"
            R"("Links":{"www.westeros.org":1,"creativecommons.org":1,"www.mediawiki.org":2}}})");
}

TEST(CrawledPage, WithoutAddressIsNamedByItsPlace) {
  CrawledPage page = example();
  page.provider_domain = page.content_path = page.content_query_string = "";
  EXPECT_EQ(page.key(), "CC-MAIN-20180317035630-20180317055630-00001.warc.gz@29581578");
}

TEST(ParsePage, NamesTheFieldAtFault) {
  EXPECT_EQ(parse_page("[]").error().rule(), "object");
  EXPECT_EQ(parse_page("{").error().errc(), Errc::malformed_payload);
  std::string text = encode_page(example());
  text.replace(text.find("29581578"), 8, "\"x\"");
  EXPECT_EQ(parse_page(text).error().field(), "content_offset");
  text = encode_page(example());
  text.replace(text.find("warc_filename"), 13, "warc_filenames");
  EXPECT_EQ(parse_page(text).error().field(), "warc_filename");
  EXPECT_EQ(parse_page(text).error().errc(), Errc::missing_field);
}

}  // namespace
}  // namespace freshet
