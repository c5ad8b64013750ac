#include "processors/stages/dedupe/rules.hpp"

#include <gtest/gtest.h>

namespace freshet {
namespace {

struct TagRow {
  const char* name;
  const char* provider;
  const char* accuracy;
  bool hidden;
};

TEST(HiddenTags, FollowTheFinalListOfTheOriginal) {
  const std::vector<TagRow> rows{
      {"cat", "flickr", "", false},
      {"", "flickr", "", true},
      {"no person", "clarifai", "", true},
      {"No Person", "clarifai", "", true},
      {"nobody person", "x", "", false},
      {"by", "x", "", true},
      {"baby", "x", "", false},
      {"ruby", "x", "", false},
      {"SquareFormat", "x", "", true},
      {"squareformat2", "x", "", false},
      {"a:b", "x", "", true},
      {"a=b", "x", "", true},
      {"Uploaded by me", "x", "", true},
      {"FlickrIOSApp", "x", "", true},
      {"CC0", "x", "", true},
      {"cc-by-nc-4", "x", "", true},
      {"pdm", "x", "", true},
      {"cat", "rekognition", "0.99", true},
      {"cat", "clarifai", "0.9", false},
      {"cat", "clarifai", "0.90", false},
      {"cat", "clarifai", "0.8999", true},
      {"cat", "clarifai", "\"0.5\"", true},
      {"cat", "clarifai", "\"0.95\"", false},
      {"cat", "clarifai", "\"high\"", false},
      {"cat", "clarifai", "1", false},
      {"Élan", "x", "", false},
  };
  for (const TagRow& row : rows) {
    EXPECT_EQ(shipped_dedupe_rules().tags.hides({row.name, row.provider, row.accuracy}), row.hidden)
        << row.name << " " << row.provider << " " << row.accuracy;
  }
}

std::string derived(std::string_view provider, std::vector<Member> meta = {},
                    std::vector<Tag> tags = {}) {
  Arena arena;
  Work work{&arena};
  work.provider = provider;
  work.meta_data.assign(meta.begin(), meta.end());
  work.tags.assign(tags.begin(), tags.end());
  std::string out;
  append_derived(out, work, UserReport::none, shipped_dedupe_rules());
  return out;
}

TEST(Derived, HasAuthorityByProvider) {
  const auto authority = [](const char* provider, const char* value) {
    EXPECT_EQ(derived(provider),
              std::string{R"({"hidden_tags":[],"sensitivity":[],"popularity":null,"authority":)"} +
                  value + R"(,"policy":0})");
  };
  authority("flickr", "75");
  authority("stocksnap", "85");
  authority("met", "90");
  authority("thorvaldsenmuseum", "90");  // misspelt in the original, so that it never matched
  authority("mccordmuseum", "90");
  authority("wikimedia", "null");
}

TEST(Derived, GivesPositionsOfHiddenTagsAndTheProvidersSensitivity) {
  EXPECT_EQ(derived("wikimedia", {{"mature", "\"true\""}},
                    {{"a", "p", ""}, {"by", "p", ""}, {"c:d", "p", ""}}),
            R"({"hidden_tags":[1,2],"sensitivity":["provider_supplied_sensitivity"],)"
            R"("popularity":null,"authority":null,"policy":0})");
  EXPECT_NE(derived("wikimedia", {{"mature", "\"false\""}}).find(R"("sensitivity":[])"),
            std::string::npos);
}

TEST(CanonicalUrl, IsOneForWhatIsOnePicture) {
  const auto& rules = shipped_dedupe_rules();
  const auto canonical = [&](const char* url) { return canonical_url(url, rules); };
  const std::string one = "example.org/a.jpg?x=1&y=2";
  for (const char* url :
       {"https://example.org/a.jpg?x=1&y=2", "http://example.org/a.jpg?x=1&y=2",
        "HTTPS://EXAMPLE.org/a.jpg?x=1&y=2", "http://example.org:80/a.jpg?x=1&y=2",
        "https://example.org:443/a.jpg?x=1&y=2#part", "https://example.org:80/a.jpg?x=1&y=2",
        "https://example.org/a.jpg?x=1&utm_source=q&y=2",
        "https://example.org/a.jpg?fbclid=7&x=1&y=2&gclid=3"}) {
    EXPECT_EQ(canonical(url), one) << url;
  }
  EXPECT_EQ(canonical("https://example.org"), "example.org/");
  EXPECT_EQ(canonical("https://example.org?utm_source=a"), "example.org/");
  EXPECT_EQ(canonical("ftp://Example.org/a"), "ftp://example.org/a");
  EXPECT_EQ(canonical("https://Me:Pass@Example.org/a"), "Me:Pass@example.org/a");
  for (const char* other :
       {"https://example.org/A.jpg?x=1&y=2", "https://example.org/a.jpg?y=2&x=1",
        "https://example.org:8080/a.jpg?x=1&y=2", "https://example.org/a.jpg?x=1",
        "https://example.org/a.jpg?x=1&y=2&utmost=1"}) {
    EXPECT_NE(canonical(other), one) << other;
  }
}

TEST(UrlHash, IsOfTheMediaTypeToo) {
  const auto& rules = shipped_dedupe_rules();
  const std::string image = url_hash(MediaType::image, "https://a.org/x", rules);
  EXPECT_EQ(image.size(), 32U);
  EXPECT_EQ(image, url_hash(MediaType::image, "http://a.org/x#y", rules));
  EXPECT_NE(image, url_hash(MediaType::audio, "https://a.org/x", rules));
}

}  // namespace
}  // namespace freshet
