// Owners of URLs with `freshet process catalogue` on a real broker: over kills, lost disks and a
// topic of claims that was compacted meanwhile.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "core/json.hpp"
#include "core/key.hpp"
#include "process_fixture.hpp"
#include "processors/record/url_claim.hpp"

namespace freshet {
namespace {

const std::string kShared = "https://example.org/shared.jpg";
const std::string kOther = "https://example.org/other.jpg";

class Ownership : public ProcessCatalogue {
 protected:
  // A release that is known is kept; everything that it releases goes as soon as it can.
  Ownership()
      : ProcessCatalogue{{{"segment.ms", "100"},
                          {"segment.bytes", "1048576"},
                          {"min.cleanable.dirty.ratio", "0.0001"}}} {}

  /// `live -` or `duplicate image:met:1`, by id.
  std::map<std::string, std::string> owners() const {
    std::map<std::string, std::string> found;
    for (const auto& record : catalogue()) {
      const json::value parsed = json::parse(*record.value);
      found[record.key->substr(std::string{"image:met:"}.size())] =
          std::string{text_at(parsed, "/status").value_or("?")} + " " +
          std::string{text_at(parsed, "/duplicate_of").value_or("-")};
    }
    return found;
  }
  std::string url_hash_of(const std::string& id) const {
    std::string hash;
    for (const auto& record : catalogue()) {
      if (*record.key == "image:met:" + id) {
        hash = text_at(json::parse(*record.value), "/seen/url_hash").value_or("");
      }
    }
    return hash;
  }
  std::vector<test::ReadRecord> claims() const {
    return test::read_all(broker.config(), topic(topics::kUrlClaims), kPartitions);
  }
  void send_claim(const std::string& hash, const std::string& work,
                  const std::optional<std::string>& value) {
    send(topics::kUrlClaims, hash + "|" + work, value, schema_header::kUrlClaim,
         kafka::Partition{partition_for_key(hash, kPartitions)});
  }
  static bool wait_until(std::chrono::seconds timeout, const std::function<bool()>& condition) {
    for (const auto end = steady_clock::now() + timeout; steady_clock::now() < end;) {
      if (condition()) {
        return true;
      }
      std::this_thread::sleep_for(200ms);
    }
    return false;
  }
};

using Owners = std::map<std::string, std::string>;

TEST_F(Ownership, OfTwoWorksThatSwapTheirUrlsIsTheirOwn) {
  sight("one", base, "1", kShared);
  sight("two", base + 1s, "2", kOther);
  drain();
  sight("one", base + 2s, "1", kOther);
  sight("two", base + 2s, "2", kShared);
  drain();
  EXPECT_EQ(owners(), (Owners{{"1", "live -"}, {"2", "live -"}}));
  expect_claims_accounted();
}

TEST_F(Ownership, GoesFromOneOfThreeToTheNextOverKillsAndALostDisk) {
  sight("one", base, "1", kShared);
  sight("two", base + 1s, "2", "http://EXAMPLE.org:80/shared.jpg?utm_source=feed");
  sight("three", base + 2s, "3", kShared + "#top");
  std::optional<Child> process{std::in_place, std::vector<std::string>{"process", "catalogue"},
                               environment()};
  ASSERT_TRUE(wait_until(30s, [&] {
    return owners() ==
           Owners{{"1", "live -"}, {"2", "duplicate image:met:1"}, {"3", "duplicate image:met:1"}};
  }));
  // The owner leaves, and the process dies in the middle of what follows, at any moment of it.
  sight("one", base + 3s, "1", kOther);
  std::this_thread::sleep_for(150ms);
  process->kill();
  drain();
  EXPECT_EQ(owners(), (Owners{{"1", "live -"}, {"2", "live -"}, {"3", "duplicate image:met:2"}}));
  // The next one leaves while nobody reads, and the disk is lost.
  fs::remove_all(folder / "state");
  sight("two", base + 4s, "2", kOther);
  drain();
  EXPECT_EQ(owners(), (Owners{{"1", "live -"}, {"2", "duplicate image:met:1"}, {"3", "live -"}}));
  expect_claims_accounted();
}

// The claim of an owner was compacted away by its release, which is yet to be read: a state made
// anew from the topic knows nothing of it, but its copies do.
TEST_F(Ownership, IsFoundAgainWhenItsClaimWasCompactedAwayBeforeARestore) {
  sight("one", base, "1", kShared);
  sight("two", base + 1s, "2", kShared);
  drain();
  const std::string hash = url_hash_of("1");
  send_claim(hash, "image:met:earlier", R"({"created_on":"2020-01-01T00:00:00.000Z"})");
  drain();
  ASSERT_EQ(owners(),
            (Owners{{"1", "duplicate image:met:earlier"}, {"2", "duplicate image:met:earlier"}}));
  send_claim(hash, "image:met:earlier", std::nullopt);
  const auto is_compacted = [&] {
    // A segment closes when something comes after it.
    send_claim(std::string(31, '0') + "1", "image:met:filler",
               R"({"created_on":"2020-01-01T00:00:00.000Z"})");
    send_claim(hash, "image:met:2", R"({"created_on":"2030-01-01T00:00:00.000Z"})");
    std::this_thread::sleep_for(1s);
    for (const auto& record : claims()) {
      if (*record.key == hash + "|image:met:earlier" && record.value) {
        return false;
      }
    }
    return true;
  };
  ASSERT_TRUE(wait_until(90s, is_compacted)) << "the broker's cleaner did not run";
  fs::remove_all(folder / "state");
  drain();
  EXPECT_EQ(owners(), (Owners{{"1", "live -"}, {"2", "duplicate image:met:1"}}));
}

TEST_F(Ownership, ClaimsThatNobodyCanReadArePutAside) {
  sight("one", base, "1", kShared);
  send_claim("nonsense", "image:met:1", R"({"created_on":"2020-01-01T00:00:00.000Z"})");
  send(topics::kUrlVerdicts, "image:met:1", R"({"owner":"image:met:2"})",
       schema_header::kUrlVerdict, kafka::Partition{0});
  drain();
  const auto letters = test::read_all(broker.config(), topic(topics::kDeadLetter), kPartitions);
  std::map<std::string, int> reasons;
  for (const auto& letter : letters) {
    for (const auto& [name, value] : letter.headers) {
      reasons[value] += name == "dl.topic" || name == "dl.reason" ? 1 : 0;
    }
  }
  EXPECT_EQ(reasons["media.url-claims.v1"], 1);
  EXPECT_EQ(reasons["media.url-verdicts.v1"], 1);
  EXPECT_EQ(reasons["wrong_key"], 2);
  EXPECT_EQ(owners(), (Owners{{"1", "live -"}}));
  EXPECT_EQ(totals("urls").at("dead_lettered.wrong_key"), 1);
  EXPECT_EQ(totals().at("verdicts.dead_lettered"), 1);
}

// Fewer partitions of claims than of works: some loops own none.
class FewerClaims : public Ownership {
 protected:
  FewerClaims() {
    static_cast<void>(broker.admin().delete_topics({topic(topics::kUrlClaims)}));
    TopicSpec one;
    for (const TopicSpec& spec : specs()) {
      if (spec.name == topic(topics::kUrlClaims)) {
        one = spec;
      }
    }
    one.partitions = 1;
    for (const auto end = steady_clock::now() + 20s; steady_clock::now() < end;) {
      if (broker.admin().create_topics({one})) {
        const auto made = broker.admin().describe_topics({one.name});
        if (made && made->size() == 1 && made->front().partitions == 1) {
          return;
        }
      }
      std::this_thread::sleep_for(200ms);
    }
    throw std::runtime_error{"no topic of claims with one partition"};
  }
};

TEST_F(FewerClaims, AreOwnedByTheLoopsOfTheirNumbers) {
  for (int i = 0; i < 6; ++i) {
    sight("one", base + std::chrono::seconds{i}, std::to_string(i),
          "https://example.org/" + std::to_string(i % 3));
  }
  drain();
  EXPECT_EQ(owners(), (Owners{{"0", "live -"},
                              {"1", "live -"},
                              {"2", "live -"},
                              {"3", "duplicate image:met:0"},
                              {"4", "duplicate image:met:1"},
                              {"5", "duplicate image:met:2"}}));
  expect_claims_accounted();
}

}  // namespace
}  // namespace freshet
