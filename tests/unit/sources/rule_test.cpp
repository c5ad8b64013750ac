#include <gtest/gtest.h>

#include "producers/declared/declaration.hpp"

namespace freshet::declared {
namespace {

constexpr const char* kItem = R"({
  "id": 7, "nobody": [], "name": "harbour at NIGHT", "empty": "", "none": null, "size": "233.5kB",
  "list": ["a", null, "b", 3], "people": [{"name": "Ann"}, {"x": 1}, {"name": "Bo"}],
  "when": 1480000000, "day": "2016-11-24T12:00:00Z", "path": "x/y z/é", "html": "<p>A &amp; <b>B</b></p>",
  "images": {"web": {"url": ""}, "print": {"url": "u", "w": "12"}},
  "link": "https://x.example/photo/2/", "seconds": "1.5", "rights": "CC BY 4.0"
})";

// What a rule in TOML makes of the item, as JSON; or its faults.
std::string value_of(const std::string& rule) {
  const std::string text =
      "[provider]\ncommand = \"x\"\nendpoint = \"https://x.example/\"\n"
      "[paging]\nkind = \"one_list\"\n[license]\nslug = \"cc0\"\nversion = \"1.0\"\n"
      "[let]\npicture = { first = [\"/images/web\", \"/images/print\"], having = \"/url\" }\n"
      "[fields]\nforeign_identifier = \"/id\"\nforeign_landing_url = \"/id\"\nurl = \"/id\"\n"
      "title = " +
      rule + "\n";
  try {
    const Declaration declaration = read_declaration(text, "f");
    const json::value item = *parse_json(kItem);
    std::map<std::string, json::value> named;
    for (const auto& [name, one] : declaration.named) {
      named[name] = one->evaluate({item, item, named, nullptr});
    }
    for (const auto& [name, one] : declaration.fields) {
      if (name == "title") {
        return to_json(one->evaluate({item, item, named, nullptr}));
      }
    }
    return "no rule";
  } catch (const StartupError& error) {
    return error.what();
  }
}

struct Row {
  const char* rule;
  const char* value;
};

constexpr Row kRows[] = {
    {R"("/name")", R"("harbour at NIGHT")"},
    {R"("/people/0/name")", R"("Ann")"},
    {R"("item:/id")", "7"},
    {R"("$picture/w")", R"("12")"},
    {R"("/not/there")", "null"},
    {R"({ constant = "x" })", R"("x")"},
    {R"({ template = "a-{/id}-{/path|path}" })", R"("a-7-x/y%20z/%C3%A9")"},
    {R"({ template = "a-{/empty}" })", "null"},
    {R"({ first = ["/none", "/empty", "/name"] })", R"("harbour at NIGHT")"},
    {R"({ default = "/empty", otherwise = 5 })", "5"},
    {R"({ if = "/none", then = "/id" })", "null"},
    {R"({ if = "/name", then = "/id" })", "7"},
    {R"({ unless = "/name", is = ["harbour at NIGHT"] })", "null"},
    {R"({ join = "/list", with = "+" })", R"("a+b+3")"},
    {R"({ join = "/list", most = 2 })", R"("a,b")"},
    {R"({ join = "/nobody" })", R"("")"},
    {R"({ unless = { join = "/nobody" }, is = "" })", "null"},
    {R"({ join = { each = "/people", take = "/name" }, with = ", " })", R"("Ann, Bo")"},
    {R"({ split = "/name", at = " " })", R"(["harbour","at","NIGHT"])"},
    {R"({ strip_html = "/html" })", R"("A & B")"},
    {R"({ lower = "/name" })", R"("harbour at night")"},
    {R"({ capitalise = "/name" })", R"("Harbour At Night")"},
    {R"({ replace = "/name", from = " ", to = "_" })", R"("harbour_at_NIGHT")"},
    {R"({ before = "/name", mark = " at" })", R"("harbour")"},
    {R"({ after = "/name", mark = "at " })", R"("NIGHT")"},
    {R"({ after = "/name", mark = "none" })", "null"},
    {R"({ segment = "/link", from_end = 2 })", R"("2")"},
    {R"({ segment = "/link" })", "null"},
    {R"({ date = "/when" })", R"("2016-11-24")"},
    {R"({ date = "/day" })", R"("2016-11-24")"},
    {R"({ date = "/name" })", "null"},
    {R"({ number = "$picture/w" })", "12"},
    {R"({ number = "/name" })", "null"},
    {R"({ bytes = "/size" })", "233500"},
    {R"({ bytes = "/id" })", "null"},
    {R"({ bytes = { constant = "1e300GB" } })", "null"},
    {R"({ date = { constant = "1e300" } })", "null"},
    {R"({ number = { constant = "-1e300" } })", "null"},
    {R"({ seconds = "/seconds" })", "1500"},
    {R"({ license = "/rights" })", R"("https://creativecommons.org/licenses/by/4.0/")"},
    {R"({ license = "/name" })", R"("harbour at NIGHT")"},
    {R"({ lower = "/list" })", "null"},
    {R"({ join = "/name" })", "null"}};

TEST(Rules, MakeValues) {
  for (const Row& row : kRows) {
    EXPECT_EQ(value_of(row.rule), row.value) << row.rule;
  }
}

constexpr Row kFaults[] = {
    {R"("name")", "f:15: fields.title is no JSON pointer"},
    {R"(5)", "f:15: fields.title is neither"},
    {R"({ nothing = "/a" })", "f:15: fields.title has no function; one of after,"},
    {R"({ lower = "/a", upper = true })", "f:15: fields.title.lower does not take upper"},
    {R"({ replace = "/a", from = "x" })", "f:15: fields.title.replace needs to"},
    {R"({ template = "{id}" })",
     "f:15: fields.title.template has braces that hold no JSON pointer"},
    {R"({ template = "{/id" })", "f:15: fields.title.template has braces"},
    {R"({ first = "/a" })", "f:15: fields.title.first is no list of rules"},
    {R"("$nobody/a")", "f:15: fields.title: $nobody is not in [let]"},
    {R"({ lower = { lower = 5 } })", "f:15: fields.title.lower.lower is neither"}};

TEST(Rules, SayWhatIsWrongAndWhere) {
  for (const Row& row : kFaults) {
    const std::string said = value_of(row.rule);
    EXPECT_TRUE(said.starts_with(row.value)) << row.rule << ": " << said;
  }
}

}  // namespace
}  // namespace freshet::declared
