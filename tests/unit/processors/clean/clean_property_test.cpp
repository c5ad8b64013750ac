#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/key.hpp"
#include "core/text.hpp"
#include "processors/record/json_text.hpp"
#include "tests/unit/processors/clean/clean_fixture.hpp"

namespace freshet {
namespace {

// Makes sightings that are odd in every way that rules look at, most of them still cleanable.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_{seed} {}

  std::string sighting() {
    const bool image = chance(2);
    std::string out = image ? R"({"media_type":"image")" : R"({"media_type":"audio")";
    member(out, "provider", pick({"\"met\"", "\"wordpress\"", "\"stocksnap\"", "\" p \"", text()}));
    member(out, "foreign_identifier", chance(4) ? number() : text());
    member(out, "foreign_landing_url", url());
    member(out, "url", url());
    for (const char* const name : {"thumbnail", "creator_url", "set_url", "set_thumbnail"}) {
      maybe(out, name, url());
    }
    for (const char* const name : {"title", "creator", "category", "source", "ingestion_type",
                                   "audio_set_foreign_identifier", "filetype"}) {
      maybe(out, name, any_scalar());
    }
    for (const char* const name : {"filesize", "width", "height", "duration", "bit_rate",
                                   "sample_rate", "set_position", "watermarked"}) {
      maybe(out, name, any_scalar());
    }
    maybe(out, "license_url", license_url());
    maybe(out, "license", pick({"\"by\"", "\"by-nc-nd\"", "\"cc0\"", "\"publicdomain\"", "\"x\""}));
    maybe(out, "license_version", pick({"\"4.0\"", "2", "\"2.1\"", "1.0", "\"N/A\"", "null"}));
    maybe(out, "meta_data", chance(8) ? any(0) : meta_data());
    maybe(out, "tags", tags());
    maybe(out, "genres", any(1));
    maybe(out, "audio_set", any(1));
    maybe(out, "alt_files", chance(2) ? any(1) : alt_files());
    return out + "}";
  }

 private:
  bool chance(unsigned one_in) { return random_() % one_in == 0; }

  std::string pick(std::initializer_list<std::string> values) {
    return *(values.begin() + random_() % values.size());
  }

  static void member(std::string& out, const char* name, const std::string& value) {
    out += ",\"" + std::string{name} + "\":" + value;
  }
  void maybe(std::string& out, const char* name, const std::string& value) {
    if (chance(2)) {
      member(out, name, value);
    }
  }

  std::string text() {
    static const std::vector<std::string> kPieces{"a",
                                                  "Z9",
                                                  " ",
                                                  "\"",
                                                  "\\",
                                                  "\b",
                                                  "\n",
                                                  "\xC2\xA0",
                                                  "\xE2\x80\xA8",
                                                  "é",
                                                  "😀",
                                                  "<b>",
                                                  "</b>",
                                                  "<",
                                                  ">",
                                                  "&lt;",
                                                  "&amp;",
                                                  "&amp;lt;i&gt;",
                                                  "&#8;",
                                                  "&#60;",
                                                  "&quot;",
                                                  "&nbsp;",
                                                  "=",
                                                  ":",
                                                  "by",
                                                  "cc0",
                                                  "no person",
                                                  "<!--",
                                                  "-->",
                                                  "<br>",
                                                  "\x01",
                                                  "jpeg",
                                                  "&#x200b;",
                                                  "script",
                                                  "<script>",
                                                  "'",
                                                  std::string(1, '\0')};
    std::string raw;
    for (std::size_t left = random_() % 7; left > 0; --left) {
      raw += kPieces[random_() % kPieces.size()];
    }
    if (chance(40)) {
      static const std::vector<std::size_t> kLengths{79, 397, 1999, 4995, 19'998};
      raw = std::string(kLengths[random_() % kLengths.size()], 'x') + raw;
    }
    std::string json;
    append_json_text(json, raw);
    return json;
  }

  std::string url() {
    if (chance(12)) {
      return text();
    }
    return "\"" +
           pick({"http://a.com/x.jpg", "https://a.com/", "//b.co.uk/y/", "c.org",
                 "http:/d.net/z.mp3?q", "https://8.8.8.8:80/x.PNG", " https://a.com/t.tif ",
                 "https://a.com/a b", "http://localhost/", "https://a.com/é.svg;v",
                 "httpss://a.com//", "https://a.com/x.tar.gz#/f.gif"}) +
           "\"";
  }

  std::string license_url() {
    return pick({"null", "\"\"", "5", "\"http://creativecommons.org/licenses/by/4.0\"",
                 "\"https://creativecommons.org/licenses/by-sa/3.0/us/\"",
                 "\" creativecommons.org/publicdomain/zero/1.0/deed.DE \"",
                 "\"https://example.com/terms\\t\"",
                 "\"https://creativecommons.org/licenses/by/2.1/\"",
                 "\"https://creativecommons.org/share-your-work/public-domain/pdm/\"", text()});
  }

  std::string meta_data() {
    std::string out = "{\"k\":" + any(2);
    maybe(out, "license_url", license_url());
    maybe(out, "raw_license_url", license_url());
    maybe(out, "description", any(1));
    maybe(out, "\\u00e9\\\\", any(2));
    return out + "}";
  }

  std::string number() {
    return pick({"0", "-0", "5", "2147483647", "2147483648", "1.50", "-2.9", "1e3", "1e400", "1e-7",
                 "12345678901234567890", "99999999999999990000.0"});
  }

  std::string any_scalar() {
    switch (random_() % 6) {
      case 0:
        return number();
      case 1:
        return pick({"null", "true", "false"});
      case 2:
        return pick({"\"1_0\"", "\"inf\"", "\"nan\"", "\" 7 \"", "\"t\"", "\"True\"", "\"svg+xml\"",
                     "\"TIF\""});
      default:
        return text();
    }
  }

  std::string any(int depth) {
    if (depth > 3 || chance(2)) {
      return any_scalar();
    }
    std::string out;
    const bool object = chance(2);
    for (std::size_t left = random_() % 4; left > 0; --left) {
      out += out.empty() ? "" : ",";
      out += (object ? text() + ":" : "") + any(depth + 1);
    }
    return object ? "{" + out + "}" : "[" + out + "]";
  }

  std::string alt_files() {
    std::string out = R"({"url":)" + url();
    for (const char* const name : {"filetype", "filesize", "bit_rate", "sample_rate", "duration"}) {
      maybe(out, name, chance(4) ? any(2) : any_scalar());
    }
    return "[" + out + "}]";
  }

  std::string tags() {
    std::string out;
    for (std::size_t left = random_() % 6; left > 0; --left) {
      out += out.empty() ? "" : ",";
      out += chance(3) ? "{\"name\":" + any_scalar() + ",\"provider\":" + any_scalar() +
                             ",\"accuracy\":" + any_scalar() + "}"
                       : any(2);
    }
    return "[" + out + "]";
  }

  std::mt19937 random_;
};

TEST(CleanProperty, CleaningTwiceChangesNothing) {
  Cleaner cleaner;
  int cleaned = 0;
  for (unsigned seed = 0; seed < 40000; ++seed) {
    const std::string raw = Generator{seed}.sighting();
    const std::string once = test::outcome(raw, cleaner);
    ASSERT_FALSE(once.starts_with("malformed_payload")) << raw;
    if (!once.starts_with("{")) {
      continue;
    }
    ++cleaned;
    ASSERT_EQ(test::outcome(once, cleaner), once) << raw;
    Arena arena;
    const auto work = parse_work(once, arena);
    ASSERT_TRUE(work) << once;
    std::string rewritten;
    append_work(rewritten, *work);
    ASSERT_EQ(rewritten, once);
  }
  EXPECT_GT(cleaned, 4000);  // or the generator tests nothing
}

TEST(CleanProperty, OrderOfMembersAndWhatWasCleanedBeforeDoNotMatter) {
  Cleaner used;
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const std::string raw = Generator{seed}.sighting();
    ASSERT_EQ(test::outcome(raw, used), test::outcome(raw)) << raw;
  }
}

TEST(CleanProperty, TheIdentifierIsWhatAProducerPutsIntoTheKey) {
  Cleaner cleaner;
  for (const std::string_view identifier :
       {"a", " a\tb ", "q\"\\", "http://x/y:z", "é\xC2\xA0x", "a\bc"}) {
    std::string json;
    append_json_text(json, identifier);
    Arena arena;
    const auto result = cleaner.clean(test::sighting("\"foreign_identifier\":" + json), arena);
    const auto* const work = std::get_if<Work>(&result);
    ASSERT_NE(work, nullptr);
    EXPECT_EQ(make_work_key(work->media_type, work->provider, work->foreign_identifier),
              make_work_key(MediaType::image, "prov", clean_text(identifier)));
  }
}

TEST(CleanProperty, NothingCrashesOnBrokenBytes) {
  Cleaner cleaner;
  std::mt19937 random{3};
  for (unsigned seed = 0; seed < 5000; ++seed) {
    std::string raw = Generator{seed}.sighting();
    for (int edits = 0; edits < 3; ++edits) {
      raw[random() % raw.size()] = static_cast<char>(random());
    }
    raw.resize(raw.size() - random() % 2);
    EXPECT_FALSE(test::outcome(raw, cleaner).empty());
  }
}

}  // namespace
}  // namespace freshet
