#include "core/usage/event.hpp"

#include <gmock/gmock.h>

#include <set>

#include "core/key.hpp"
#include "core/resources.hpp"
#include "core/usage/event_types.hpp"

namespace freshet::usage {
namespace {

const UtcTime kNow = *parse_time("2026-11-30T12:00:00Z");

constexpr std::string_view kClick = R"({
  "event_id":"5B0F6F0E-6F0C-4F5E-8F0A-0A4E1C1B2D3E","type":"SELECT_SEARCH_RESULT",
  "occurred_at":"2026-11-30T11:59:59.5Z","session_id":"0d4a7b7e-2f6f-4f8e-9d55-3e0f8a1b2c3d",
  "search_id":"c0a8012e-7c1b-4c39-9b2e-0d6a4d1f5a10","query":"owl","media_type":"image",
  "filters":{"license":["cc0","pdm"],"size":"large"},
  "result_id":"3f0c2a52-7c1b-4c39-9b2e-0d6a4d1f5a10","rank":4,"page":1,"source":"met",
  "payload":{"kind":"search","isBlurred":false,"sensitivities":[],"width":1280,"breakpoint":"lg"}})";

/// The click with some members replaced (null: taken away).
json::value click_with(std::string_view changes) {
  json::value click = parse_json(kClick).value();
  const json::value changed = parse_json(changes).value();
  for (const auto& [name, value] : changed.as_object()) {
    click.as_object()[name] = value;
  }
  return click;
}

TEST(UsageEvent, IsReadAsSentAndWrittenWithWhatTheServerSays) {
  auto event = read_sent_event(parse_json(kClick).value(), kNow);
  ASSERT_TRUE(event) << event.error().message();
  event->agent = "mobile";
  EXPECT_EQ(event->event_id, "5b0f6f0e-6f0c-4f5e-8f0a-0a4e1c1b2d3e");
  EXPECT_EQ(event->key(), "0d4a7b7e-2f6f-4f8e-9d55-3e0f8a1b2c3d");
  EXPECT_EQ(
      encode_event(*event),
      R"({"event_id":"5b0f6f0e-6f0c-4f5e-8f0a-0a4e1c1b2d3e","type":"SELECT_SEARCH_RESULT",)"
      R"("occurred_at":"2026-11-30T11:59:59.500Z","received_at":"2026-11-30T12:00:00.000Z",)"
      R"("agent":"mobile","origin":"web","session_id":"0d4a7b7e-2f6f-4f8e-9d55-3e0f8a1b2c3d",)"
      R"("search_id":"c0a8012e-7c1b-4c39-9b2e-0d6a4d1f5a10","query":"owl","media_type":"image",)"
      R"("filters":{"license":["cc0","pdm"],"size":["large"]},)"
      R"("result_id":"3f0c2a52-7c1b-4c39-9b2e-0d6a4d1f5a10","rank":4,"page":1,"source":"met",)"
      R"("payload":{"kind":"search","isBlurred":false,"sensitivities":[],"width":1280,)"
      R"("breakpoint":"lg"}})");
  const auto again = read_event(encode_event(*event));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(encode_event(*again), encode_event(*event));
}

TEST(UsageEvent, OfNoSessionHasItsOwnKey) {
  const auto event = read_sent_event(click_with(R"({"session_id":null})"), kNow);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->key(), event->event_id);
}

struct Fault {
  std::string name;
  std::string changes;
  std::string field;
  std::string rule;
};

class UsageEventFault : public testing::TestWithParam<Fault> {};

TEST_P(UsageEventFault, NamesFieldAndRule) {
  const auto event = read_sent_event(click_with(GetParam().changes), kNow);
  ASSERT_FALSE(event);
  const Error fault = event.error();
  EXPECT_EQ(fault.field(), GetParam().field);
  EXPECT_THAT(fault.rule(), testing::HasSubstr(GetParam().rule));
  EXPECT_EQ(fault.retry(), Retry::never);
}

INSTANTIATE_TEST_SUITE_P(
    Each, UsageEventFault,
    testing::Values(
        Fault{"NoId", R"({"event_id":null})", "event_id", "required"},
        Fault{"IdIsNone", R"({"event_id":"7"})", "event_id", "UUID"},
        Fault{"EmptyId", R"({"event_id":""})", "event_id", "UUID"},
        Fault{"NoType", R"({"type":null})", "type", "required"},
        Fault{"UnknownType", R"({"type":"MOUSE_MOVED"})", "type", "not known"},
        Fault{"NoTime", R"({"occurred_at":null})", "occurred_at", "required"},
        Fault{"TimeIsNone", R"({"occurred_at":"noon"})", "occurred_at", "time"},
        Fault{"TimeIsANumber", R"({"occurred_at":1764504000})", "occurred_at", "time"},
        Fault{"Future", R"({"occurred_at":"2026-11-30T12:05:00.001Z"})", "occurred_at", "future"},
        Fault{"TooOld", R"({"occurred_at":"2026-11-23T11:59:59Z"})", "occurred_at", "older"},
        Fault{"SessionIsNone", R"({"session_id":"me"})", "session_id", "UUID"},
        Fault{"SearchIsNone", R"({"search_id":5})", "search_id", "text"},
        Fault{"LongQuery", R"({"query":")" + std::string(201, 'q') + R"("})", "query", "200"},
        Fault{"Nul", R"({"query":"a\u0000b"})", "query", "NUL"},
        Fault{"NoMedium", R"({"media_type":"film"})", "media_type", "one of"},
        Fault{"NegativeRank", R"({"rank":-1})", "rank", "from 0"},
        Fault{"BrokenRank", R"({"rank":1.5})", "rank", "whole"},
        Fault{"PageZero", R"({"page":0})", "page", "from 1"},
        Fault{"FiltersAreAList", R"({"filters":[]})", "filters", "object"},
        Fault{"FilterIsANumber", R"({"filters":{"size":3}})", "filters.size", "list"},
        Fault{"UnknownMember", R"({"address":"192.0.2.1"})", "address", "not a known"},
        Fault{"ServersMember", R"({"received_at":"2026-11-30T12:00:00Z"})", "received_at",
              "not a known"},
        Fault{"PayloadIsAText", R"({"payload":"x"})", "payload", "object"},
        Fault{"OfAnotherType", R"({"payload":{"format":"html"}})", "payload.format",
              "not a member"},
        Fault{"NoChoice", R"({"payload":{"kind":"guess"}})", "payload.kind", "one of"},
        Fault{"NoFlag", R"({"payload":{"isBlurred":1}})", "payload.isBlurred", "true or false"},
        Fault{"NoNumber", R"({"payload":{"width":"wide"}})", "payload.width", "number"},
        Fault{"NoList", R"({"payload":{"sensitivities":"x"}})", "payload.sensitivities", "list"},
        Fault{"Missing", R"({"type":"COPY_ATTRIBUTION","payload":{}})", "payload.format",
              "required"},
        Fault{"NoPayload", R"({"type":"RATE_RESULTS","payload":null})", "payload.relevant",
              "required"},
        Fault{"BadResults", R"({"type":"IMPRESSION","payload":{"results":[{"id":"x","rank":1}]}})",
              "payload.results", "UUID"},
        Fault{"TooLarge",
              R"({"filters":{"a":[")" + std::string(500, 'a') + R"("],"b":[)" +
                  [] {
                    std::string list;
                    for (int i = 0; i < 20; ++i) {
                      list += (i == 0 ? "\"" : ",\"") + std::string(450, 'b') + "\"";
                    }
                    return list;
                  }() +
                  "]}}",
              "", "bytes"}),
    [](const auto& one) { return one.param.name; });

TEST(UsageEvent, OfAPageElsewhereKeepsTheHostAlone) {
  for (const auto& [address, host] :
       {std::pair{"https://me:secret@Blog.example:8443/readers/7?token=x#me", "blog.example"},
        {"http://blog.example?q=//other.example/", "blog.example"},
        {"//blog.example/a", "blog.example"},
        {"blog.example/a//b", "blog.example"},
        {"http://[2001:db8::1]:80/a", "[2001:db8::1]"},
        {"", ""}}) {
    const auto event = read_sent_event(
        json::object{{"event_id", "5b0f6f0e-6f0c-4f5e-8f0a-0a4e1c1b2d3e"},
                     {"type", "ATTRIBUTION_REFERRER_EVENT"},
                     {"occurred_at", "2026-11-30T11:59:59Z"},
                     {"payload", {{"referer_domain", "blog.example"}, {"full_referer", address}}}},
        kNow);
    ASSERT_TRUE(event) << event.error().message();
    EXPECT_EQ(event->payload.at("full_referer"), json::value(host)) << address;
  }
}

TEST(UsageEvent, OfAClockThatIsAheadALittleIsTaken) {
  EXPECT_TRUE(read_sent_event(click_with(R"({"occurred_at":"2026-11-30T12:05:00Z"})"), kNow));
  EXPECT_TRUE(read_sent_event(click_with(R"({"occurred_at":"2026-11-23T12:00:00Z"})"), kNow));
}

TEST(UsageEvent, StoredOneNeedsWhatTheServerSays) {
  EXPECT_EQ(read_event(kClick).error().field(), "received_at");
  EXPECT_EQ(read_event("{").error().errc(), Errc::malformed_payload);
  EXPECT_EQ(read_event("[]").error().rule(), "must be an object");
}

TEST(UsageEvent, HasTheTypesOfBothServicesAndTwoOfItsOwn) {
  std::set<std::string_view> names;
  for (const EventType& type : event_types()) {
    EXPECT_TRUE(names.insert(type.name).second) << type.name;
  }
  EXPECT_EQ(names.size(), 5U + 31U + 2U);
  EXPECT_EQ(find_event_type("select_search_result"), nullptr);
}

TEST(UsageEvent, TypesAreThoseOfTheTopicsSchema) {
  const auto schema = parse_json(resource("records/usage-event.schema.json")).value();
  const json::array& rules = schema.at("allOf").as_array();
  const json::array& listed = value_at(schema, "/properties/type/enum").as_array();
  ASSERT_EQ(rules.size(), event_types().size());
  ASSERT_EQ(listed.size(), event_types().size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const EventType& type = event_types()[i];
    SCOPED_TRACE(type.name);
    EXPECT_EQ(listed[i], json::value(json::string_view{type.name}));
    EXPECT_EQ(*text_at(rules[i], "/if/properties/type/const"), type.name);
    const json::object& members =
        value_at(rules[i], "/then/properties/payload/properties").as_object();
    EXPECT_EQ(members.size(), type.properties.size() + common_properties().size());
    std::size_t required = 0;
    for (const Property& property : type.properties) {
      const json::value* const member = members.if_contains(property.name);
      ASSERT_NE(member, nullptr) << property.name;
      const json::value& choices = value_at(*member, "/enum");
      EXPECT_EQ(
          choices.is_array() ? choices.as_array().size() : 0,
          property.choices.empty() ? 0 : property.choices.size() + (property.is_required ? 0 : 1))
          << property.name;
      required += property.is_required ? 1 : 0;
    }
    const json::value& must = value_at(rules[i], "/then/properties/payload/required");
    EXPECT_EQ(must.is_array() ? must.as_array().size() : 0, required);
  }
}

TEST(UsageEvent, KeepsOfAUserAgentItsClassAlone) {
  EXPECT_EQ(agent_class(""), "unknown");
  EXPECT_EQ(agent_class("curl/8.5.0"), "program");
  EXPECT_EQ(agent_class("Mozilla/5.0 (compatible; Googlebot/2.1)"), "bot");
  EXPECT_EQ(agent_class("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
            "desktop");
  EXPECT_EQ(agent_class("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"),
            "mobile");
}

TEST(UsageEvent, MakesIdsOfVersionFour) {
  std::set<std::string> made;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = make_event_id();
    EXPECT_TRUE(is_uuid_v4(id)) << id;
    made.insert(id);
  }
  EXPECT_EQ(made.size(), 1000U);
}

}  // namespace
}  // namespace freshet::usage
