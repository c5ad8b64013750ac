#include "producers/declared/declaration.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support/paths.hpp"

namespace freshet::declared {
namespace {

using testing::HasSubstr;

constexpr const char* kWhole = R"(
[provider]
command = "northlight"
endpoint = "https://api.northlight.example/v1/{page}"
delay_ms = 500
page_size = 50
[credential]
header = "Authorization"
prefix = "Token "
variable = "API_KEY_NORTHLIGHT"
[request]
parameters = { q = "*", has = ["a", "b"] }
sets = [{ license = "cc0" }, { license = "by" }]
from_parameter = "since"
to_parameter = "until"
[paging]
kind = "page"
parameter = "page"
size_parameter = "size"
[answer]
items = "/photos"
total = "/total"
[fields]
foreign_identifier = "/id"
foreign_landing_url = "/page"
url = "/url"
license_url = { license = "/rights" }
[source]
display_name = "Northlight"
url = "https://northlight.example"
)";

std::string faults_of(const std::string& text) {
  try {
    static_cast<void>(read_declaration(text, "n.toml"));
    return "none";
  } catch (const StartupError& error) {
    return error.what();
  }
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Declaration, SaysAllThatASpecSays) {
  const Declaration declaration = read_declaration(kWhole, "n.toml");
  const ProviderSpec& spec = declaration.spec;
  EXPECT_EQ(spec.command, "northlight");
  EXPECT_EQ(spec.provider_key(MediaType::image), "northlight");
  EXPECT_EQ(spec.hosts, std::vector<std::string>{"api.northlight.example"});
  EXPECT_EQ(spec.answer.list, "/photos");
  EXPECT_EQ(spec.paging, Paging::counted);
  EXPECT_EQ(spec.dated, Dated::optional);
  EXPECT_EQ(spec.credential->prefix, "Token ");
  EXPECT_EQ(declaration.sets.size(), 2U);
  EXPECT_EQ(to_json(declaration.source),
            R"({"name":"northlight","display_name":"Northlight",)"
            R"("url":"https://northlight.example","media_types":["image"]})");
}

TEST(Declaration, AsksForItsPages) {
  const auto provider = make_declared_provider(read_declaration(kWhole, "n.toml"));
  freshet::Run run;
  run.batch_limit = 50;
  run.date = "2026-11-30";
  auto params = provider->next(run, nullptr);
  ASSERT_TRUE(params.has_value());
  EXPECT_EQ(http::encode_query(*params),
            "has=a&has=b&q=%2A&page=1&size=50&since=2026-11-30&until=2026-12-01");
  const Reply reply{*params, "", json::object{}, {}};
  params = provider->next(run, &reply);
  EXPECT_EQ(param_at(*params, "page"), "2");
}

TEST(Declaration, NamesEveryFaultWithItsLine) {
  EXPECT_EQ(faults_of(kWhole), "none");
  const std::vector<std::tuple<const char*, const char*, const char*>> rows{
      {"command = \"northlight\"", "", "n.toml:2: provider.command is missing"},
      {"\"northlight\"", "\"North\"", "n.toml:3: provider.command is of small letters"},
      {"https://api", "ftp://api", "n.toml:4: provider.endpoint is no http or https address"},
      {"delay_ms = 500", "delay_ms = -1", "n.toml:5: provider.delay_ms is no whole number from 0"},
      {"page_size = 50", "pagesize = 50", "n.toml:6: provider.pagesize is not known"},
      {"header = \"Authorization\"", "", "credential needs one of query and header"},
      {"kind = \"page\"", "kind = \"pages\"", "paging.kind is one of page, offset, cursor"},
      {"kind = \"page\"", "kind = \"cursor\"", "paging.next is missing"},
      {"items = \"/photos\"", "items = \"photos\"", "answer.items is no JSON pointer"},
      {"url = \"/url\"", "", "fields.url is missing"},
      {"license_url = { license = \"/rights\" }", "", "no licence: [license] for all"},
      {"license_url", "licence_url", "fields.licence_url is no field of a work"},
      {"[source]", "[sauce]", "n.toml:28: sauce is not known"},
      {"[paging]", "[paging", "n.toml:16:"}};
  for (const auto& [from, to, said] : rows) {
    EXPECT_THAT(faults_of(replaced(kWhole, from, to)), HasSubstr(said)) << from;
  }
  const std::string two =
      replaced(replaced(kWhole, "delay_ms = 500", "delay_ms = -1"), "url = \"/url\"", "");
  EXPECT_THAT(faults_of(two), HasSubstr("\n"));
}

TEST(Declaration, ExamplesAreWell) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator{source_dir() / "producers" / "declared" / "examples"}) {
    EXPECT_NO_THROW(static_cast<void>(read_declaration_file(entry.path()))) << entry.path();
    EXPECT_EQ(read_declaration_file(entry.path()).spec.command, entry.path().stem());
    ++count;
  }
  EXPECT_GE(count, 6);
}

}  // namespace
}  // namespace freshet::declared
