#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/dispatcher.hpp"
#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/fake_services.hpp"

namespace freshet::api {
namespace {

constexpr const char* kId = "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11";

TEST(PictureFormat, IsWhatAcceptNamesWithTheHighestWeight) {
  struct Case {
    const char* accept;
    const char* format;
  };
  for (const Case& one :
       {Case{"", ""}, Case{"*/*", ""}, Case{"image/*", ""}, Case{"image/webp", "webp"},
        Case{"IMAGE/WebP;q=0.9", "webp"}, Case{"image/avif", "avif"},
        Case{"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "webp"},
        Case{"image/avif, image/webp;q=0.9", "avif"}, Case{"image/webp;q=0", ""},
        Case{"image/jpeg, image/webp;q=0.5", ""},
        Case{"image/jpeg;q=0.4, image/webp;q=0.5", "webp"}, Case{"image/webp;q=x", "webp"},
        Case{";;,,q=1", ""}}) {
    EXPECT_EQ(picture_format(one.accept), one.format) << one.accept;
  }
}

class ThumbTest : public testing::Test, protected FakeServices {
 protected:
  ThumbTest() {
    WorkRow row;
    row.identifier = kId;
    row.text<Field::source>() = "met";
    row.text<Field::url>() = "https://files.example.org/1.jpg";
    store.rows.push_back(row);
  }
  WorkRow& row() { return store.rows.front(); }
  Reply get(const std::string& query = "", const std::string& media = "images",
            const std::string& accept = "", const std::string& tag = "") {
    Request request = request_for("GET", "/v1/" + media + "/" + kId + "/thumb/" + query);
    request.accept = accept;
    request.page.if_none_match = tag;
    return ask(dispatcher, std::move(request));
  }

  NoLimiter limiter;
  Dispatcher dispatcher{with(limiter), router};
};

TEST_F(ThumbTest, AsksForTheSizeAndQualityOfTheFlags) {
  struct Case {
    const char* query;
    int width;
    int quality;
  };
  for (const Case& one : {Case{"", 600, 80}, Case{"?full_size=false&compressed=true", 600, 80},
                          Case{"?compressed=false", 600, 92}, Case{"?full_size=true", 0, 92},
                          Case{"?full_size=true&compressed=true", 0, 80},
                          Case{"?full_size=null&compressed=null", 600, 80}}) {
    thumbnails.asked.clear();
    EXPECT_EQ(get(one.query, "images", "image/webp").status, 200U);
    ASSERT_EQ(thumbnails.asked.size(), 1U);
    EXPECT_EQ(thumbnails.asked[0].width, one.width) << one.query;
    EXPECT_EQ(thumbnails.asked[0].quality, one.quality) << one.query;
    EXPECT_EQ(thumbnails.asked[0].format, "webp");
    EXPECT_EQ(thumbnails.asked[0].url, "https://files.example.org/1.jpg");
  }
  thumbnails.asked.clear();
  EXPECT_EQ(get("?full_size=perhaps").status, 400U);
  EXPECT_TRUE(thumbnails.asked.empty());
}

TEST_F(ThumbTest, SaysHowLongItMayBeKeptAndByWhom) {
  const Reply reply = get();
  EXPECT_EQ(reply.body, "picture");
  EXPECT_EQ(reply.content_type, "image/jpeg");
  EXPECT_EQ(header_of(reply, "Cache-Control"), "public, max-age=3600, s-maxage=10");
  EXPECT_EQ(header_of(reply, "Vary"), "Accept, Authorization, origin");
  EXPECT_EQ(header_of(reply, "X-Content-Type-Options"), "nosniff");
  const std::string tag = header_of(reply, "ETag");
  const Reply again = get("", "images", "", "\"other\", " + tag);
  EXPECT_EQ(again.status, 304U);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(header_of(again, "ETag"), tag);
  EXPECT_EQ(get("", "images", "", "\"other\"").status, 200U);
}

TEST_F(ThumbTest, TriesTheStoredThumbnailBehindTheFile) {
  row().text<Field::thumbnail>() = "files.example.org/small.jpg";
  thumbnails.answers = {Made{424, "text/plain", "No."}, Made{200, "image/png", "small"}};
  const Reply reply = get();
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.body, "small");
  ASSERT_EQ(thumbnails.asked.size(), 2U);
  EXPECT_EQ(thumbnails.asked[1].url, "https://files.example.org/small.jpg");
  thumbnails.asked.clear();
  thumbnails.answers = {Made{415, "text/plain", "Image extension tiff is not supported."},
                        Made{424, "text/plain", "No."}};
  EXPECT_EQ(get().status, 415U);  // what the file itself is, says more
}

TEST_F(ThumbTest, TakesTheThumbnailOfSmkAtOnce) {
  row().text<Field::url>() = "https://iip.smk.dk/iiif/jp2/x.tif/full/full/0/native.jpg";
  get();
  EXPECT_EQ(thumbnails.asked[0].url, *row().text<Field::url>());
  row().text<Field::thumbnail>() = "https://iip-thumb.smk.dk/x";
  thumbnails.asked.clear();
  get();
  ASSERT_EQ(thumbnails.asked.size(), 1U);
  EXPECT_EQ(thumbnails.asked[0].url, "https://iip-thumb.smk.dk/x");
}

TEST_F(ThumbTest, OfARecordingIsItsCoverOrThatOfItsSet) {
  EXPECT_EQ(get("", "audio").status, 404U);
  EXPECT_EQ(get("", "audio").body, R"({"detail":"Could not find artwork."})");
  EXPECT_TRUE(thumbnails.asked.empty());
  row().audio_set = R"({"title":"x","url":"https://files.example.org/set.jpg"})";
  EXPECT_EQ(get("", "audio").status, 200U);
  EXPECT_EQ(thumbnails.asked[0].url, "https://files.example.org/set.jpg");
  row().text<Field::thumbnail>() = "https://files.example.org/cover.jpg";
  get("", "audio");
  EXPECT_EQ(thumbnails.asked[1].url, "https://files.example.org/cover.jpg");
}

TEST_F(ThumbTest, FailuresAreTold) {
  struct Case {
    Result<Made> answer;
    unsigned status;
    const char* body;
  };
  for (
      const Case& one :
      {Case{Made{424, "text/plain", "Failed to render thumbnail."}, 424,
            R"({"detail":"Failed to render thumbnail."})"},
       Case{
           Made{415, "text/plain", "Image extension bmp is not supported."}, 415,
           R"({"detail":"Unsupported media type \"Image extension bmp is not supported.\" in request."})"},
       Case{Made{503, "text/plain", "Too many."}, 503, R"({"detail":"Too many."})"},
       Case{Error{Errc::unreachable, Retry::after_backoff, "no socket /secret/path"}, 503,
            R"({"detail":"Thumbnails unavailable: try again in a few seconds."})"}}) {
    thumbnails.answers = {one.answer};
    thumbnails.asked.clear();
    const Reply reply = get();
    EXPECT_EQ(reply.status, one.status);
    EXPECT_EQ(reply.body, one.body);
    EXPECT_EQ(header_of(reply, "Retry-After"), one.status == 503 ? "5" : "");
    EXPECT_EQ(header_of(reply, "Cache-Control"), "");
  }
}

TEST_F(ThumbTest, HoldsAConnectionNoLongerThanASearchDoes) {
  get();
  EXPECT_LE(store.last_deadline->left(), kRequestLimit);
}

TEST_F(ThumbTest, OfAWorkThatIsNotThereIs404) {
  store.rows.clear();
  EXPECT_EQ(get().status, 404U);
  EXPECT_TRUE(thumbnails.asked.empty());
}

}  // namespace
}  // namespace freshet::api
