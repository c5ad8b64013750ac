#include "simulate/generator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <unordered_map>

#include "core/key.hpp"
#include "core/record/members.hpp"
#include "core/text.hpp"
#include "core/topics.hpp"
#include "core/utf8.hpp"
#include "simulate/dirty.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

struct Made {
  std::string key;
  std::string value;
  std::string schema;
};

std::vector<Made> make(const GeneratorOptions& options, Truth* truth = nullptr) {
  Generator generator{options};
  std::vector<Made> records;
  for (RawSighting record; generator.next(record);) {
    records.push_back(
        {std::string{record.key}, std::string{record.value}, std::string{record.schema}});
  }
  if (truth != nullptr) {
    *truth = generator.truth();
  }
  return records;
}

/// The rules of the processor once more, as plainly as possible: what becomes of a stream.
struct PlainModel {
  struct State {
    std::string newest_work;
    UtcTime newest_at;
    std::string url;
  };
  std::map<std::string, State> works;
  Truth truth;

  void take(const Made& record) {
    ++truth.received;
    if (record.schema != schema_header::kRaw) {
      ++truth.dead_lettered["unknown_schema"];
      return;
    }
    boost::system::error_code failed;
    const json::value parsed =
        is_utf8(record.value) ? json::parse(record.value, failed) : json::value{};
    if (failed || !parsed.is_object() || !parsed.at("work").is_object()) {
      ++truth.dead_lettered["malformed_payload"];
      return;
    }
    const auto fetched_at =
        parse_time(std::string_view{parsed.at("seen").at("fetched_at").as_string()});
    const json::object& work = parsed.at("work").as_object();
    if (!fetched_at) {
      ++truth.dead_lettered["invalid_value"];
    } else if (*fetched_at > *parse_time("2030-01-01T00:00:00Z")) {
      ++truth.dead_lettered["future_time"];
    } else if (!work.contains("url")) {
      ++truth.dead_lettered["missing_field"];
    } else if (!work.at("url").is_string()) {
      ++truth.dead_lettered["invalid_value"];
    } else if (key_of(work) != record.key) {
      ++truth.dead_lettered["wrong_key"];
    } else if (!work.contains("license") &&
               work.at("license_url").as_string().find("//creativecommons.org/") ==
                   json::string::npos) {
      ++truth.dropped["no_open_license"];
    } else {
      see(record, *fetched_at, std::string{work.at("url").as_string()});
    }
  }

  static std::string key_of(const json::object& work) {
    const json::value& id = work.at("foreign_identifier");
    return make_work_key(*parse_media_type(std::string_view{work.at("media_type").as_string()}),
                         std::string_view{work.at("provider").as_string()},
                         id.is_string() ? std::string{id.as_string()} : json::serialize(id));
  }

  void see(const Made& record, UtcTime fetched_at, std::string url) {
    const std::string bytes = record.value.substr(record.value.find("\"work\":"));
    if (url.starts_with("http:")) {
      url.insert(4, "s");
    }
    const auto [found, is_new] = works.try_emplace(record.key, State{bytes, fetched_at, url});
    if (is_new) {
      ++truth.created;
      return;
    }
    State& state = found->second;
    EXPECT_GT(fetched_at, state.newest_at)
        << "sightings of a work come in the order of their times";
    ++(state.newest_work == bytes ? truth.unchanged : truth.merged);
    state = {bytes, fetched_at, url};
  }

  /// What is left once each URL of a medium has one owner.
  void settle() {
    std::map<std::string, std::set<std::string>> owners;  // medium and URL to works
    for (const auto& [key, state] : works) {
      const WorkKeyView parts = *parse_work_key(key);
      const std::string name =
          std::string{to_string(parts.media_type)} + ":" + std::string{parts.provider};
      ++truth.works[name];
      auto& claimants = owners[std::string{to_string(parts.media_type)} + state.url];
      claimants.insert(key);
      if (claimants.size() > 1) {
        ++truth.duplicates[name];
      }
    }
  }
};

struct StreamRow {
  std::string name;
  GeneratorOptions options;
};

GeneratorOptions options(std::uint64_t works, double recrawl, double dirty, double duplicates,
                         WorkOrder order = WorkOrder::ascending) {
  GeneratorOptions made;
  made.works = works;
  made.recrawl = recrawl;
  made.dirty = dirty;
  made.duplicates = duplicates;
  made.order = order;
  return made;
}

GeneratorOptions only(GeneratorOptions made, std::vector<MediaType> media) {
  made.media = std::move(media);
  return made;
}

class TruthAgrees : public testing::TestWithParam<StreamRow> {};

TEST_P(TruthAgrees, WithAPlainModelOfTheStream) {
  Truth truth;
  PlainModel model;
  for (const Made& record : make(GetParam().options, &truth)) {
    model.take(record);
  }
  model.settle();
  EXPECT_EQ(truth.received, model.truth.received);
  EXPECT_EQ(truth.created, model.truth.created);
  EXPECT_EQ(truth.merged, model.truth.merged);
  EXPECT_EQ(truth.unchanged, model.truth.unchanged);
  EXPECT_EQ(truth.dropped, model.truth.dropped);
  EXPECT_EQ(truth.dead_lettered, model.truth.dead_lettered);
  EXPECT_EQ(truth.works, model.truth.works);
  EXPECT_EQ(truth.duplicates, model.truth.duplicates);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TruthAgrees,
    testing::Values(StreamRow{"FirstLoad", options(3000, 0, 0, 0)},
                    StreamRow{"AsIssued", options(4000, 0.8, 0.01, 0.05)},
                    StreamRow{"SeveralPasses", options(1000, 5.5, 0.01, 0.05)},
                    StreamRow{"AtRandom", options(3000, 1.7, 0.02, 0.1, WorkOrder::random)},
                    StreamRow{"MostlyDirty", options(200, 0.5, 1.0, 0.3)},
                    StreamRow{"MostUrlsShared", options(2000, 0, 0, 0.9)},
                    StreamRow{"AudioOnly", only(options(1000, 0.8, 0, 0.2), {MediaType::audio})},
                    StreamRow{"ImagesOnly", only(options(1000, 0.8, 0, 0.2), {MediaType::image})},
                    StreamRow{"OneWork", options(1, 1, 0, 0.5)},
                    StreamRow{"Nothing", options(0, 1, 0.5, 0.5)}),
    [](const auto& row) { return row.param.name; });

std::vector<std::string> values(const std::vector<Made>& records) {
  std::vector<std::string> all;
  for (const Made& record : records) {
    all.push_back(record.key + record.schema + record.value);
  }
  return all;
}

TEST(Generator, SameOptionsGiveTheSameBytes) {
  GeneratorOptions first = options(500, 1.2, 0.05, 0.1, WorkOrder::random);
  GeneratorOptions other = first;
  other.seed = 2;
  EXPECT_EQ(values(make(first)), values(make(first)));
  EXPECT_NE(values(make(first)), values(make(other)));
}

TEST(Generator, LoadAndRecrawlApartAreTheWhole) {
  GeneratorOptions stream = options(700, 2.3, 0.04, 0.1, WorkOrder::random);
  const std::vector<std::string> whole = values(make(stream));
  stream.part = StreamPart::load;
  std::vector<std::string> parts = values(make(stream));
  stream.part = StreamPart::recrawl;
  for (std::string& value : values(make(stream))) {
    parts.push_back(std::move(value));
  }
  EXPECT_EQ(parts, whole);
}

TEST(Generator, IdentifiersAscendPerProviderUnlessAskedOtherwise) {
  const auto is_ascending = [](WorkOrder order) {
    std::map<std::string, std::string> last;
    for (const Made& record : make(options(2000, 0, 0, 0, order))) {
      const WorkKeyView key = *parse_work_key(record.key);
      std::string& before = last[std::string{key.provider}];
      if (before > key.foreign_identifier) {
        return false;
      }
      before = key.foreign_identifier;
    }
    return true;
  };
  EXPECT_TRUE(is_ascending(WorkOrder::ascending));
  EXPECT_FALSE(is_ascending(WorkOrder::random));
}

TEST(Generator, SharesAreAsAskedFor) {
  Truth truth;
  make(options(20'000, 0.8, 0.01, 0.05), &truth);
  EXPECT_EQ(truth.merged + truth.unchanged, 16'000U);
  EXPECT_NEAR(static_cast<double>(truth.unchanged), 12'800, 300);
  std::uint64_t duplicates = 0;
  for (const auto& [name, count] : truth.duplicates) {
    duplicates += count;
  }
  EXPECT_NEAR(static_cast<double>(duplicates), 1'000, 150);
}

TEST(Generator, RecordsHaveTheSizeOfRealOnes) {
  std::size_t bytes = 0;
  const std::vector<Made> records = make(options(5'000, 0, 0, 0));
  for (const Made& record : records) {
    bytes += record.value.size();
  }
  EXPECT_NEAR(static_cast<double>(bytes) / static_cast<double>(records.size()), 1200, 120);
}

TEST(Generator, EveryKindOfBadRecordIsMade) {
  Truth truth;
  make(options(100, 0, 1.0, 0), &truth);
  for (const DirtyKind& kind : dirty_kinds()) {
    if (kind.fate == Fate::dead_lettered) {
      EXPECT_TRUE(truth.dead_lettered.contains(std::string{kind.reason})) << kind.name;
    }
  }
  GeneratorOptions without = options(100, 0, 1.0, 0);
  without.with_headers = false;
  for (const Made& record : make(without)) {
    EXPECT_EQ(record.schema, schema_header::kRaw);
  }
}

// One fault each: with it taken out the record must be sound, or it tests something else.
TEST(Generator, ABadRecordHasOneFaultOnly) {
  const auto mended = [](std::string value, std::string_view bad, std::string_view good) {
    const std::size_t at = value.find(bad);
    EXPECT_NE(at, std::string::npos) << value;
    boost::system::error_code failed;
    json::parse(value.replace(at, bad.size(), good), failed);
    return !failed;
  };
  using namespace std::string_view_literals;
  std::map<std::string_view, std::string> by_kind;
  const std::vector<Made> records = make(options(12, 0, 1.0, 0));
  std::size_t kind = 0;
  for (const Made& record : records) {
    if (record.key.starts_with("image:flickr:9")) {
      by_kind[dirty_kinds()[kind++].name] = record.value;
    }
  }
  ASSERT_EQ(by_kind.size(), dirty_kinds().size());
  EXPECT_TRUE(mended(by_kind.at("raw_nul"), "\0"sv, " "));
  EXPECT_TRUE(mended(by_kind.at("bad_utf8"), "\xC3\x28"sv, " "));
  EXPECT_TRUE(mended(by_kind.at("work_not_an_object"), R"("work":[)"sv, R"("work":[1,)"));
  EXPECT_TRUE(mended(by_kind.at("url_not_text"), R"("url":)"sv, R"("url_of":)"));
}

TEST(Generator, FinalWorksAreThoseOfTheStream) {
  const GeneratorOptions stream = options(800, 3.4, 0, 0.2);
  std::map<std::string, json::object> newest;
  for (const Made& record : make(stream)) {
    newest[record.key] = json::parse(record.value).at("work").as_object();
  }
  const Generator generator{stream};
  for (std::uint64_t number = 0; number < stream.works; ++number) {
    const FinalWork work = generator.final_work(number);
    ASSERT_TRUE(newest.contains(work.key)) << work.key;
    const json::object& seen = newest.at(work.key);
    std::string url{seen.at("url").as_string()};
    if (url.starts_with("http:")) {
      url.insert(4, "s");
    }
    std::string title{seen.at("title").as_string()};
    if (title.starts_with("<i>")) {
      title = title.substr(3, title.size() - 7);
    }
    EXPECT_EQ(work.url, url);
    EXPECT_EQ(work.title, title);
    EXPECT_TRUE(is_clean_text(title)) << title;
    EXPECT_EQ(work.url, work.url_of ? generator.final_work(*work.url_of).url : url);
  }
}

TEST(Generator, SaysNothingThatIsNoMemberOfASighting) {
  for (const Made& made : make({.works = 2'000, .dirty = 0})) {
    const json::value record = json::parse(made.value);
    for (const auto& [name, value] : record.at("work").as_object()) {
      EXPECT_NE(std::ranges::find(kSightingMembers, std::string_view{name}), kSightingMembers.end())
          << name;
    }
  }
}

}  // namespace
}  // namespace freshet::simulate
