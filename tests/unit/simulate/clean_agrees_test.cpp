#include <gtest/gtest.h>

#include <memory_resource>

#include "core/json.hpp"
#include "core/topics.hpp"
#include "processors/clean/cleaner.hpp"
#include "simulate/dirty.hpp"
#include "simulate/generator.hpp"

namespace freshet::simulate {
namespace {

// The truth of a generated stream is only as good as its ideas of what clean does.

std::string outcome_of(std::string_view work, Cleaner& cleaner) {
  Arena arena;
  const CleanResult result = cleaner.clean(work, arena);
  if (std::holds_alternative<Work>(result)) {
    return "cleaned";
  }
  if (const auto* dropped = std::get_if<Dropped>(&result)) {
    return "dropped " + std::string{to_string(dropped->reason)};
  }
  return "dead_lettered " + std::string{to_string(std::get<Error>(result).errc())};
}

std::string_view work_of(std::string_view value) {
  value.remove_prefix(value.find(R"("work":)") + 7);
  value.remove_suffix(1);
  return value;
}

std::string expected_outcome(const DirtyKind& kind) {
  switch (kind.fate) {
    case Fate::created:
      return "cleaned";
    case Fate::dropped:
      return "dropped " + std::string{kind.reason};
    case Fate::dead_lettered:
      // The envelope, the key and the header are judged elsewhere: the work itself is sound.
      return kind.name == "wrong_key" || kind.name == "unknown_schema" ||
                     kind.name.find("time") != std::string_view::npos
                 ? "cleaned"
                 : "dead_lettered " + std::string{kind.reason};
  }
  return "";
}

TEST(CleanAgrees, WithTheFateOfEveryBadRecord) {
  Cleaner cleaner;
  for (std::size_t kind = 0; kind < dirty_kinds().size(); ++kind) {
    std::string key;
    std::string value =
        R"({"seen":{"fetched_at":"2024-01-01T00:00:00.000001Z","run_id":"x"},"work":)";
    DirtyRecord record{key, value, {}};
    append_dirty(record, kind, 7);
    EXPECT_EQ(outcome_of(work_of(value), cleaner), expected_outcome(dirty_kinds()[kind]))
        << dirty_kinds()[kind].name;
  }
}

TEST(CleanAgrees, WithKeyUrlAndTitleOfEveryWork) {
  GeneratorOptions options;
  options.works = 3'000;
  options.dirty = 0;
  options.recrawl = 1.5;
  options.duplicates = 0.1;
  Generator generator{options};
  std::map<std::string, FinalWork> finals;
  for (std::uint64_t number = 0; number < options.works; ++number) {
    FinalWork work = generator.final_work(number);
    finals.emplace(work.key, std::move(work));
  }
  Cleaner cleaner;
  for (RawSighting record; generator.next(record);) {
    Arena arena;
    const CleanResult result = cleaner.clean(work_of(record.value), arena);
    ASSERT_TRUE(std::holds_alternative<Work>(result)) << std::get<Error>(result).message() << "\n"
                                                      << record.value;
    const Work& work = std::get<Work>(result);
    const std::string key = make_work_key(work.media_type, work.provider, work.foreign_identifier);
    EXPECT_EQ(key, record.key);
    EXPECT_EQ(work.url, finals.at(key).url);
    EXPECT_EQ(work.at(Field::title), freshet::to_json(json::value(finals.at(key).title)));
    EXPECT_FALSE(work.tags.empty());
    EXPECT_FALSE(work.meta_data.empty());
  }
}

}  // namespace
}  // namespace freshet::simulate
