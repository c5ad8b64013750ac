#pragma once

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/paths.hpp"

namespace freshet::test {

/// The whole of a file; fails the test and gives nothing where it cannot be read.
inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  EXPECT_TRUE(in.good()) << "cannot read " << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Recorded replies, real rows and rule tables of the batch original. They are not part of the
/// project: a checkout without them skips these tests, but not the one that CI makes.
inline std::optional<std::filesystem::path> fixtures() {
  const std::filesystem::path path = source_dir() / ".." / "shared" / "fixtures";
  if (std::filesystem::is_directory(path)) {
    return path;
  }
  return std::nullopt;
}

/// First line of a differential test: the folder in `name`, or the end of the test.
#define FRESHET_NEED_FIXTURES(name)                                      \
  const auto name##_found = ::freshet::test::fixtures();                 \
  if (!name##_found) {                                                   \
    const char* const name##_ci = std::getenv("CI");                     \
    if (name##_ci != nullptr && std::string_view{name##_ci} == "true") { \
      FAIL() << "CI must have ../shared/fixtures";                       \
    }                                                                    \
    GTEST_SKIP() << "no ../shared/fixtures beside this checkout";        \
  }                                                                      \
  const std::filesystem::path name = *name##_found

/// The list of differences from the batch original, `tests/differences.json`, explained in
/// docs/differences.md.
///
/// An entry is `{cases, field, kind, reason, count}`. `cases` is a glob over case names such as
/// `rules/enrich_tags/12`, `rows/image/3` or `cases/met/paging/0`; its fixed beginning says which
/// test owns it. A difference belongs to the first entry that matches case and field. What no entry
/// matches, and a count that is not met exactly, is a problem.
class Differences {
 public:
  Differences() {
    const auto root = boost::json::parse(read_file(source_dir() / "tests" / "differences.json"));
    for (const auto& item : root.as_array()) {
      const auto text = [&item](const char* name) {
        return std::string{item.at(name).as_string()};
      };
      entries_.push_back({text("cases"), text("field"), text("kind"), text("reason"),
                          item.at("count").to_number<int>(), 0});
      const std::string& kind = entries_.back().kind;
      EXPECT_TRUE(kind == "newer" || kind == "mended" || kind == "ours") << kind;
    }
  }

  /// Says that a case differs in a field; `what` is shown where no entry covers it.
  void note(const std::string& case_name, const std::string& field, const std::string& what) {
    for (Entry& entry : entries_) {
      if (fnmatch(entry.cases.c_str(), case_name.c_str(), 0) == 0 &&
          fnmatch(entry.field.c_str(), field.c_str(), 0) == 0) {
        ++entry.seen;
        return;
      }
    }
    unlisted_.push_back(case_name + " " + field + ": " + what);
  }

  /// Compares two values and notes a difference.
  void compare(const std::string& case_name, const std::string& field,
               const boost::json::value& expected, const boost::json::value& actual) {
    if (expected != actual) {
      note(case_name, field,
           "expected " + boost::json::serialize(expected) + ", got " +
               boost::json::serialize(actual));
    }
  }

  /// Fails the test for everything that is unlisted, and for the entries whose `cases` begins with
  /// `owned` where the count is another one.
  void check(std::string_view owned) const {
    for (const std::string& line : unlisted_) {
      ADD_FAILURE() << "unlisted difference: " << line;
    }
    for (const Entry& entry : entries_) {
      if (entry.cases.starts_with(owned)) {
        EXPECT_EQ(entry.seen, entry.count)
            << entry.cases << " " << entry.field << " (" << entry.reason << ")";
      }
    }
  }

 private:
  struct Entry {
    std::string cases;
    std::string field;
    std::string kind;
    std::string reason;
    int count = 0;
    int seen = 0;
  };
  std::vector<Entry> entries_;
  std::vector<std::string> unlisted_;
};

}  // namespace freshet::test
