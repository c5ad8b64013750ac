#include "core/crawl/split_url.hpp"

#include <gtest/gtest.h>

#include <array>

namespace freshet {
namespace {

struct Row {
  const char* url;
  const char* authority;  // null: unreadable
  const char* path;
  const char* query;
};

constexpr std::array kRows{
    Row{"http://a.org/b/c?d=e#f", "a.org", "/b/c", "d=e"},
    Row{"https://user:pw@Host.example:81/", "user:pw@Host.example:81", "/", ""},
    Row{"//cdn.example/x.png", "cdn.example", "/x.png", ""},
    Row{"/only/path", "", "/only/path", ""},
    Row{"?page=2", "", "", "page=2"},
    Row{"", "", "", ""},
    Row{"mailto:a@mail.example", "", "a@mail.example", ""},
    Row{"ftp://files.example/", "files.example", "/", ""},
    Row{"http://a.org/x;p=1/y;q=2?z", "a.org", "/x;p=1/y", "z"},
    Row{"unknown://a.org/x;p", "a.org", "/x;p", ""},
    Row{"1http://a.org/", "", "1http://a.org/", ""},
    Row{"  http://a.org/", "a.org", "/", ""},
    Row{"http://a.o\nrg/\tb", "a.org", "/b", ""},
    Row{"http://a.org?b/c", "a.org", "", "b/c"},
    Row{"http://a.org#b?c", "a.org", "", ""},
    Row{"http://[::1]:80/x", "[::1]:80", "/x", ""},
    Row{"http://[v1.a:b]/", "[v1.a:b]", "/", ""},
    Row{"http://[bad/", nullptr, "", ""},
    Row{"http://bad]/", nullptr, "", ""},
    Row{"http://[not-ip]/", nullptr, "", ""},
    Row{"http://x[::1]/", nullptr, "", ""},
    Row{"http://b\u00FCcher.example/", "b\u00FCcher.example", "/", ""},
    Row{"http://a\uFF0Fb.example/", nullptr, "", ""},
    Row{"/a\uFF0Fb", "", "/a\uFF0Fb", ""},
};

TEST(SplitUrl, SplitsAsTheOriginalsRowsAreSplit) {
  for (const Row& row : kRows) {
    std::string buffer;
    const auto parts = split_url(row.url, buffer);
    if (row.authority == nullptr) {
      EXPECT_FALSE(parts.has_value()) << row.url;
      continue;
    }
    ASSERT_TRUE(parts.has_value()) << row.url;
    EXPECT_EQ(parts->authority, row.authority) << row.url;
    EXPECT_EQ(parts->path, row.path) << row.url;
    EXPECT_EQ(parts->query, row.query) << row.url;
  }
}

}  // namespace
}  // namespace freshet
