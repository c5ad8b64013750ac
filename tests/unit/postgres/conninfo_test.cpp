#include "core/postgres/conninfo.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <map>
#include <memory>

namespace freshet::postgres {
namespace {

/// What libpq reads in a connection string.
std::map<std::string, std::string> read(const std::string& text) {
  struct Free {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  };
  const std::unique_ptr<PQconninfoOption, Free> options{PQconninfoParse(text.c_str(), nullptr)};
  std::map<std::string, std::string> found;
  for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      found[option->keyword] = option->val;
    }
  }
  return found;
}

TEST(Conninfo, AddsLimitsAndANameToBothForms) {
  for (const std::string dsn :
       {"host=a.example dbname=freshet", "postgresql://a.example/freshet"}) {
    const std::map<std::string, std::string> wanted{{"host", "a.example"},
                                                    {"dbname", "freshet"},
                                                    {"connect_timeout", "4"},
                                                    {"tcp_user_timeout", "10000"},
                                                    {"fallback_application_name", "freshet api"}};
    EXPECT_EQ(read(conninfo(dsn, "freshet api")), wanted) << dsn;
  }
}

// libpq tries them one after the other.
TEST(Conninfo, TwoHostsShareTheTimeToConnect) {
  for (const std::string dsn : {"host=a.example,b.example", "postgresql://a.example,b.example/x",
                                "hostaddr=10.0.0.1,10.0.0.2"}) {
    EXPECT_EQ(read(conninfo(dsn, "n")).at("connect_timeout"), "2") << dsn;
  }
  EXPECT_EQ(read(conninfo("host=a.example,b.example connect_timeout=9", "n")).at("connect_timeout"),
            "9");
}

using Read = std::map<std::string, std::string>;

/// host, hostaddr and port of each.
std::vector<Read> places(const std::string& dsn) {
  std::vector<Read> all;
  for (const std::string& one : conninfo_by_host(dsn, "n")) {
    Read found = read(one);
    EXPECT_EQ(found["fallback_application_name"], "n");
    std::erase_if(found, [](const auto& option) {
      return option.first != "host" && option.first != "hostaddr" && option.first != "port";
    });
    all.push_back(std::move(found));
  }
  return all;
}

TEST(Conninfo, ComesApartByHost) {
  struct Case {
    std::string dsn;
    std::vector<Read> wanted;
  };
  for (const Case& one : {
           Case{"host=a", {{{"host", "a"}}}},
           Case{"host=a,b", {{{"host", "a"}}, {{"host", "b"}}}},
           Case{"host=a,b port=1",
                {{{"host", "a"}, {"port", "1"}}, {{"host", "b"}, {"port", "1"}}}},
           Case{"postgresql://a:1,b:2/x",
                {{{"host", "a"}, {"port", "1"}}, {{"host", "b"}, {"port", "2"}}}},
           Case{"host=a,b hostaddr=10.0.0.1,10.0.0.2 port=1,2",
                {{{"host", "a"}, {"hostaddr", "10.0.0.1"}, {"port", "1"}},
                 {{"host", "b"}, {"hostaddr", "10.0.0.2"}, {"port", "2"}}}},
           Case{"host=a,b port=1,2,3", {{{"host", "a,b"}, {"port", "1,2,3"}}}},
           Case{"host=a,b target_session_attrs=prefer-standby", {{{"host", "a,b"}}}},
       }) {
    EXPECT_EQ(places(one.dsn), one.wanted) << one.dsn;
  }
  EXPECT_EQ(conninfo_by_host("nonsense", "n"), std::vector<std::string>{"nonsense"});
}

TEST(Conninfo, LeavesWhatTheDsnSays) {
  auto found = read(conninfo("postgresql://a.example/x?connect_timeout=9&tcp_user_timeout=1", "n"));
  EXPECT_EQ(found["connect_timeout"], "9");
  EXPECT_EQ(found["tcp_user_timeout"], "1");
  found = read(conninfo("connect_timeout = 0 dbname=x", "n"));
  EXPECT_EQ(found["connect_timeout"], "0");
}

TEST(Conninfo, TheNameOfASettingInsideAValueIsNoSetting) {
  const auto found = read(conninfo("dbname=connect_timeout", "n"));
  EXPECT_EQ(found.at("dbname"), "connect_timeout");
  EXPECT_EQ(found.at("connect_timeout"), "4");
}

TEST(Conninfo, KeepsValuesThatNeedQuotes) {
  const auto found = read(conninfo(R"(dbname='it\'s' password='a b\\c' user='')", "n"));
  EXPECT_EQ(found.at("dbname"), "it's");
  EXPECT_EQ(found.at("password"), R"(a b\c)");
  EXPECT_EQ(found.at("user"), "");
}

TEST(Conninfo, ASearchPathIsAddedToTheOptions) {
  EXPECT_EQ(read(with_search_path("dbname=x", {"a", "b"}))["options"], "-csearch_path=a,b");
  EXPECT_EQ(read(with_search_path("postgresql://h/x?options=-cjit%3Doff", {"a"}))["options"],
            "-cjit=off -csearch_path=a");
  EXPECT_EQ(read(with_search_path("dbname=x", {R"("a b\")"}))["options"],
            R"(-csearch_path="a\ b\\")");
  EXPECT_EQ(read(with_search_path("dbname=x password='a b'", {"a"}))["password"], "a b");
  EXPECT_EQ(with_search_path("nonsense", {"a"}), "nonsense");
}

TEST(Conninfo, WhatLibpqCannotReadComesBackAsItIs) {
  EXPECT_EQ(conninfo("nonsense", "n"), "nonsense");
  EXPECT_EQ(conninfo("host='open", "n"), "host='open");
}

}  // namespace
}  // namespace freshet::postgres
