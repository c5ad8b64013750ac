#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <set>

#include "simulate/provider_server.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Asks as a client would that tries again: the reply in the end, and how many errors came before.
class Client {
 public:
  explicit Client(ProviderServer& server) : server_{server} {}

  Reply get(const std::string& target) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      Reply reply = server_.handle({"GET", target});
      ++requests_;
      if (reply.status != 429 && reply.status < 500) {
        return reply;
      }
      ++errors_[reply.status];
      EXPECT_TRUE(reply.status != 429 || reply.headers.front().first == "Retry-After");
    }
    ADD_FAILURE() << "three errors in a row: " << target;
    return {};
  }
  json::value get_json(const std::string& target) { return json::parse(get(target).body.value()); }

  int requests() const { return requests_; }
  const std::map<int, int>& errors() const { return errors_; }

 private:
  ProviderServer& server_;
  int requests_ = 0;
  std::map<int, int> errors_;
};

std::string text(const json::value& value) { return std::string{value.as_string()}; }

/// What a producer makes of a provider, counted as plainly as possible.
using Counts = std::map<std::string, std::uint64_t>;

bool is_open(const json::value* licence) {
  return licence != nullptr && licence->is_string() &&
         (licence->as_string().find("//creativecommons.org/") != json::string::npos ||
          licence->as_string().starts_with("CC"));
}

void count_emitted(Counts& counts, const std::string& media, bool licensed) {
  ++counts["emitted." + media];
  ++counts[licensed ? "live" : "no_open_license"];
}

Counts walk_met(Client& client) {
  Counts counts;
  const std::string objects = "/collectionapi.metmuseum.org/public/collection/v1/objects";
  const json::value list = client.get_json(objects + "?metadataDate=2026-11-20");
  for (const json::value& id : list.at("objectIDs").as_array()) {
    const Reply reply = client.get(objects + "/" + json::serialize(id));
    if (reply.status == 404) {
      ++counts["dropped.detail_gone"];
      continue;
    }
    const json::value object = json::parse(reply.body.value());
    if (!object.at("isPublicDomain").as_bool()) {
      ++counts["dropped.not_public_domain"];
    } else if (text(object.at("primaryImage")).empty()) {
      ++counts["dropped.no_image"];
    } else {
      for (std::size_t i = 0; i <= object.at("additionalImages").as_array().size(); ++i) {
        count_emitted(counts, "image", true);
      }
    }
  }
  return counts;
}

Counts walk_science_museum(Client& client) {
  Counts counts;
  std::set<std::string> seen;
  // The producer's ranges. They meet in a year, so objects of that year are listed twice.
  std::vector<int> borders{0, 200, 1500};
  for (int year = 1750; year < 2030; year += year < 1825 ? 25 : year < 1925 ? 10 : 5) {
    borders.push_back(year);
  }
  for (std::size_t range = 1; range < borders.size(); ++range) {
    const int from = borders[range - 1];
    const int to = borders[range];
    for (int page = 0; page <= 50; ++page) {
      const json::value reply = client.get_json(
          "/collection.sciencemuseumgroup.org.uk/search/?has_image=1&image_license=CC"
          "&page%5Bsize%5D=100&page%5Bnumber%5D=" +
          std::to_string(page) + "&date%5Bfrom%5D=" + std::to_string(from) +
          "&date%5Bto%5D=" + std::to_string(to));
      for (const json::value& object : reply.at("data").as_array()) {
        const json::array& images = object.at("attributes").at("multimedia").as_array();
        if (images.empty()) {
          ++counts["dropped.no_image"];
          continue;
        }
        if (!seen.insert(text(object.at("id"))).second) {
          ++counts["dropped.already_seen"];
          continue;
        }
        for (const json::value& image : images) {
          if (!image.at("@admin").as_object().contains("uid")) {
            ++counts["dropped.missing_foreign_identifier"];
          } else {
            const json::value& rights = image.at("legal").at("rights").at(0);
            count_emitted(counts, "image", is_open(rights.as_object().if_contains("licence")));
          }
        }
      }
      if (reply.at("links").at("next").is_null()) {
        break;
      }
    }
  }
  return counts;
}

Counts walk_jamendo(Client& client) {
  Counts counts;
  for (int offset = 0;; offset += 200) {
    const json::value reply = client.get_json(
        "/api.jamendo.com/v3.0/tracks?format=json&limit=200&offset=" + std::to_string(offset));
    if (reply.at("results").as_array().empty()) {
      return counts;
    }
    for (const json::value& track : reply.at("results").as_array()) {
      if (!track.is_object()) {
        ++counts["rejected"];
      } else if (text(track.at("shareurl")).empty()) {
        ++counts["dropped.missing_foreign_landing_url"];
      } else if (text(track.at("audio")).empty()) {
        ++counts["dropped.missing_url"];
      } else {
        count_emitted(counts, "audio", is_open(&track.at("license_ccurl")));
      }
    }
  }
}

void count_file(Counts& counts, const json::object& page) {
  const json::value* info = page.if_contains("imageinfo");
  if (info == nullptr) {
    ++counts["dropped.missing_url"];
    return;
  }
  const std::string type = text(info->at(0).at("mediatype"));
  if (type != "BITMAP" && type != "DRAWING" && type != "AUDIO") {
    ++counts["dropped.unsupported_media_type"];
  } else if (!info->at(0).as_object().contains("descriptionshorturl")) {
    ++counts["dropped.missing_foreign_landing_url"];
  } else if (!info->at(0).as_object().contains("url")) {
    ++counts["dropped.missing_url"];
  } else {
    const json::value* licence =
        info->at(0).at("extmetadata").as_object().if_contains("LicenseUrl");
    count_emitted(counts, type == "AUDIO" ? "audio" : "image",
                  is_open(licence == nullptr ? nullptr : &licence->at("value")));
  }
}

Counts walk_wikimedia(Client& client) {
  Counts counts;
  std::string more;
  std::map<std::string, json::object> batch;
  for (;;) {
    const json::value reply = client.get_json(
        "/commons.wikimedia.org/w/api.php?action=query&generator=allimages&gailimit=250"
        "&gulimit=250&prop=imageinfo%7Cglobalusage" +
        more);
    if (!reply.as_object().contains("query")) {
      return counts;  // not one file that day
    }
    std::set<std::string> ids;
    for (const auto& page : reply.at("query").at("pages").as_object()) {
      json::object& merged = batch[std::string{page.key()}];
      ids.insert(std::string{page.key()});
      counts["uses"] += page.value().at("globalusage").as_array().size();
      for (const auto& member : page.value().as_object()) {
        merged[member.key()] = member.value();
      }
    }
    EXPECT_EQ(ids.size(), batch.size()) << "all answers of a batch list the same pages";
    if (reply.as_object().contains("batchcomplete")) {
      ++counts["batches"];
      for (const auto& [id, page] : batch) {
        count_file(counts, page);
      }
      batch.clear();
    }
    if (!reply.as_object().contains("continue")) {
      return counts;
    }
    more.clear();
    for (const auto& token : reply.at("continue").as_object()) {
      more += "&" + http::encode_query({{std::string{token.key()}, text(token.value())}});
    }
  }
}

Counts truth_of(const ProviderServer& server, const std::string& command) {
  const json::value all = json::parse(server.truth());
  const json::object& truth = all.at(command).as_object();
  Counts counts;
  for (const char* group : {"emitted", "dropped"}) {
    for (const auto& member : truth.at(group).as_object()) {
      counts[std::string{group} + "." + std::string{member.key()}] =
          member.value().to_number<std::uint64_t>();
    }
  }
  for (const char* name : {"live", "rejected", "no_open_license"}) {
    counts[name] = truth.at(name).to_number<std::uint64_t>();
  }
  return counts;
}

struct ProviderRow {
  std::string command;
  std::function<Counts(Client&)> walk;
};

class PagingEnds : public testing::TestWithParam<ProviderRow> {};

TEST_P(PagingEnds, WithWhatTheTruthSays) {
  for (const std::uint64_t works : {0U, 1U, 250U, 1300U}) {
    ProviderServer server{{works, 7}, 0.1};
    Client client{server};
    Counts counts = GetParam().walk(client);
    if (GetParam().command == "wikimedia_commons" && works == 1300) {
      EXPECT_GT(counts["uses"], 250U) << "uses must need more than one portion";
      EXPECT_EQ(counts["batches"], 6U);
    }
    if (GetParam().command == "science_museum" && works == 1300) {
      EXPECT_GT(counts["dropped.already_seen"], 0U);
    }
    for (const char* name : {"uses", "batches"}) {
      counts.erase(name);
    }
    std::erase_if(counts, [](const auto& count) { return count.second == 0; });
    Counts truth = truth_of(server, GetParam().command);
    std::erase_if(truth, [](const auto& count) { return count.second == 0; });
    EXPECT_EQ(counts, truth) << works << " works";
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, PagingEnds,
                         testing::Values(ProviderRow{"metropolitan_museum", walk_met},
                                         ProviderRow{"science_museum", walk_science_museum},
                                         ProviderRow{"jamendo", walk_jamendo},
                                         ProviderRow{"wikimedia_commons", walk_wikimedia}),
                         [](const auto& row) { return row.param.command; });

TEST(ProviderServer, FailsTheFirstTimeOnlyAndInEveryWay) {
  ProviderServer server{{600, 3}, 0.2};
  Client client{server};
  walk_met(client);
  for (const int status : {429, 500, 503}) {
    EXPECT_GT(client.errors().at(status), 5) << status;
  }
  ProviderServer reliable{{600, 3}, 0};
  Client calm{reliable};
  walk_met(calm);
  EXPECT_TRUE(calm.errors().empty());
  EXPECT_EQ(calm.requests(), 601);
}

TEST(ProviderServer, SameSeedGivesTheSameReplies) {
  const auto track = [](std::uint64_t seed) {
    ProviderServer server{{50, seed}, 0};
    return server.handle({"GET", "/api.jamendo.com/v3.0/tracks?limit=50&offset=0"}).body;
  };
  EXPECT_EQ(track(1), track(1));
  EXPECT_NE(track(1), track(2));
}

TEST(ProviderServer, RenamedAlbumsRedirectOnce) {
  ProviderServer server{{10, 1}, 0};
  const Reply moved = server.handle({"GET", "/www.jamendo.com/album/102/some-album"});
  ASSERT_EQ(moved.status, 301);
  ASSERT_EQ(moved.headers.front().first, "Location");
  EXPECT_EQ(server.handle({"GET", "/www.jamendo.com" + moved.headers.front().second}).status, 200);
  EXPECT_EQ(server.handle({"GET", "/www.jamendo.com/album/103/some-album"}).status, 200);
}

TEST(ProviderServer, AnswersWhateverIsAskedFor) {
  ProviderServer server{{50, 1}, 0};
  const auto ask = [&](const std::string& target) { return server.handle({"GET", target}); };
  const std::string smithsonian = "/api.si.edu/openaccess/api/v1.0/search?q=a+AND+hash:";
  EXPECT_EQ(ask(smithsonian + "zz*").status, 404);
  EXPECT_EQ(ask(smithsonian + "%2D1*").status, 404);
  EXPECT_EQ(ask(smithsonian + "0f*").status, 200);
  EXPECT_EQ(ask("/stocksnap.io/api/load-photos/date/desc/0").status, 404);
  for (const auto& [first, none] :
       {std::pair{"/api.nappy.co/v1/openverse/images?page=1&per_page=5",
                  "/api.nappy.co/v1/openverse/images?page=0&per_page=5"},
        {"/www.rawpixel.com/api/v1/search?page=1&pagesize=5",
         "/www.rawpixel.com/api/v1/search?page=0&pagesize=5"},
        {"/api.repo.nypl.org/api/v2/items/search/?page=1&per_page=1",
         "/api.repo.nypl.org/api/v2/items/search/?page=0&per_page=0"}}) {
    const Reply one = ask(first);
    EXPECT_EQ(one.status, 200) << first;
    EXPECT_EQ(ask(none).body, one.body) << none;
  }
}

TEST(ProviderServer, KnowsNoOtherHost) {
  ProviderServer server{{10, 1}, 0};
  EXPECT_EQ(server.handle({"GET", "/example.org/"}).status, 404);
}

}  // namespace
}  // namespace freshet::simulate
