#include <crypt.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <optional>

#include "api/web/files.hpp"
#include "api/web/ops/ops_flow.hpp"
#include "api/web/ops/ops_page.hpp"
#include "core/resources.hpp"
#include "tests/unit/api/asking.hpp"

namespace freshet::api::web {
namespace {

using testing::HasSubstr;
using testing::Not;
using Verdict = OpsGate::Verdict;

Request from(const std::string& address, const std::string& base_url = "http://127.0.0.1:8080") {
  Request request = request_for("GET", "/ops/");
  request.client_address = address;
  request.base_url = base_url;
  return request;
}

std::string hash_of(const char* password) {
  crypt_data data{};
  return crypt_r(password, "$5$rounds=1000$testtesttest", &data);
}

template <class T>
T finished(Task<T> task) {
  boost::asio::io_context context;
  std::optional<T> outcome;
  boost::asio::co_spawn(
      context, [&]() -> Task<void> { outcome = co_await std::move(task); }, boost::asio::detached);
  context.run();
  return std::move(*outcome);
}

Verdict judge(OpsGate& gate, const Request& request) { return finished(gate.judge(request)); }
Reply answer(OpsPage& page, const std::shared_ptr<const Site>& site, const Request& request) {
  return finished(page.answer(site, request));
}

TEST(OpsGate, WithoutAPasswordOnlyThisMachineLooks) {
  OpsGate gate{""};
  EXPECT_EQ(judge(gate, from("127.0.0.1")), Verdict::allowed);
  EXPECT_EQ(judge(gate, from("::1", "http://[::1]:8080")), Verdict::allowed);
  EXPECT_EQ(judge(gate, from("127.0.0.1", "http://localhost")), Verdict::allowed);
  EXPECT_EQ(judge(gate, from("192.0.2.7")), Verdict::elsewhere);
  EXPECT_EQ(judge(gate, from("127.0.0.1", "https://freshet.example")), Verdict::elsewhere)
      << "a name of another site that leads here";
  EXPECT_EQ(judge(gate, from("127.0.0.1", "http://127.0.0.1.evil.example:8080")),
            Verdict::elsewhere);
  Request proxied = from("127.0.0.1");
  proxied.page.is_forwarded = true;
  EXPECT_EQ(judge(gate, proxied), Verdict::elsewhere);
}

TEST(OpsGate, WithAPasswordWhoeverHasItLooks) {
  OpsGate gate{hash_of("open sesame")};
  Request request = from("192.0.2.7", "https://freshet.example");
  EXPECT_EQ(judge(gate, request), Verdict::password_wanted);
  request.authorization = "Basic bWU6b3BlbiBzZXNhbWU=";  // me:open sesame
  EXPECT_EQ(judge(gate, request), Verdict::allowed);
  EXPECT_EQ(judge(gate, request), Verdict::allowed) << "by what is remembered of it";
  EXPECT_EQ(judge(gate, from("127.0.0.1")), Verdict::password_wanted) << "also from here";
  for (const char* wrong : {"Bearer bWU6b3BlbiBzZXNhbWU=", "Basic", "Basic !!!!",
                            "Basic bWU=", "Basic bWU6b3BlbiBzZXNhbW"}) {
    request.authorization = wrong;
    EXPECT_EQ(judge(gate, request), Verdict::password_wanted) << wrong;
  }
}

TEST(OpsGate, WrongPasswordsAreSoonNotLookedAt) {
  OpsGate gate{hash_of("open sesame")};
  Request request = from("192.0.2.7");
  request.authorization = "Basic bWU6d3Jvbmc=";  // me:wrong
  for (int i = 0; i < OpsGate::kMostTries; ++i) {
    EXPECT_EQ(judge(gate, request), Verdict::password_wanted);
  }
  EXPECT_EQ(judge(gate, request), Verdict::too_many_tries);
  Request other = from("192.0.2.8");
  other.authorization = "Basic bWU6b3BlbiBzZXNhbWU=";  // me:open sesame
  EXPECT_EQ(judge(gate, other), Verdict::allowed) << "one address locks no other out";
  EXPECT_EQ(judge(gate, request), Verdict::too_many_tries);
}

TEST(OpsGate, BehindAProxyNobodyLooksWithoutAPassword) {
  OpsGate gate{"", OpsGate::Proxy::there};
  EXPECT_EQ(judge(gate, from("127.0.0.1")), Verdict::elsewhere);
  OpsGate locked{hash_of("open sesame"), OpsGate::Proxy::there};
  Request request = from("127.0.0.1");
  request.authorization = "Basic bWU6b3BlbiBzZXNhbWU=";
  EXPECT_EQ(judge(locked, request), Verdict::allowed);
}

TEST(OpsGate, RemembersTriesOfNotTooManyAddresses) {
  OpsGate gate{hash_of("open sesame")};
  for (std::size_t i = 0; i < OpsGate::kMostAddresses + 10; ++i) {
    Request request = from("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250));
    request.authorization = "Basic bWU6d3Jvbmc=";  // me:wrong
    ASSERT_EQ(judge(gate, request), Verdict::password_wanted);
  }
}

constexpr const char* kFigures = R"({
  "at":"2026-11-30T12:00:00.000Z","faults":["runs: topic <b>gone</b>"],
  "lag":[{"group":"process.catalogue","state":"Stable","members":2,"lag_records":12,"lag_seconds":3.26,
          "rate_in":10.04,"rate_out":9.5,"topics":[
            {"topic":"media.raw.v1","lag_records":12,"lag_seconds":3.26,"rate_in":10.04,"rate_out":9.5},
            {"topic":"media.decisions.v1","lag_records":0,"lag_seconds":0.0,"rate_in":0.0,"rate_out":0.0}],
          "sources":[{"source":"met","lag_records":12,"lag_seconds":3.26}]},
         {"group":"sink.postgres","state":"Dead","members":0,"lag_records":7,"lag_seconds":99.0,
          "rate_in":null,"rate_out":null,"topics":[
            {"topic":"media.catalog.v1","lag_records":7,"lag_seconds":99.0,"rate_in":null,"rate_out":null}],
          "sources":[]}],
  "stats":{"all":{"received":100,"created":60,"merged":20,"unchanged":10,"control":1,
                  "dropped":{"no_url":4,"closed":3},"dead_lettered":{"invalid_value":2},"works":{"live":55}},
           "stores":{"postgres":{"live":54},"elasticsearch":null},"agree":false,
           "disagreements":["met: 55 works are live, 54 in PostgreSQL"],"notes":[],
           "removals_held":[{"media_type":"image","provider":"met","started_at":"2026-11-29T00:00:00.000Z",
                             "known":1000,"missing":400,"refused_sightings":false}]},
  "runs":[{"provider":"met","updated_at":"2026-11-30T11:00:00.000Z","failed":true,"emitted":17,
           "last_full":900,"usual":1000}],
  "dead_letters":{"summary":[{"reason":"invalid_value","source":"met","day":"2026-11-30","open":2,"redriven":0,"discarded":1},
                             {"reason":"invalid_value","source":"met","day":"2026-11-29","open":1,"redriven":0,"discarded":0}],
                  "newest":[{"partition":3,"offset":17,"time":"2026-11-30T11:59:00.000Z","step":"process.catalogue",
                             "reason":"invalid_value","field":"url","rule":"must be a URL","message":"<script>alert(1)</script>",
                             "key":"image:met:1","topic":"media.raw.v1","origin_partition":"0","origin_offset":"5","size_bytes":812,
                             "source":"met","state":"open","redriven":0,"truncated":false}]},
  "policy":{"version":42,"rules":[{"key":"hidden_tags","version":42,"at":"2026-11-01T00:00:00.000Z","by":"A. Person","why":"noise"}]},
  "usage":{"searches":31,"api_searches":5,"sessions":9,"results_clicked":12,"attribution_buttonclicks":3,
           "attribution_referer_hits":1,"top_searches":[{"name":"","count":8},{"name":"owl","count":4}],
           "zero_result_searches":[{"name":"owwl","count":2}]}})";

std::string shown() {
  static const Site site{embedded_files()};
  return ops_parts(site, parse_json(kFigures).value());
}

TEST(OpsParts, ShowEachFigureAsTheCommandsPrintIt) {
  const std::string html = shown();
  for (const char* expected :
       {"<td data-name=\"Records behind\" class=\"number\" data-figure=\"lag_records\">12</td>",
        "data-figure=\"lag_seconds\">3.3</td>",
        ">3.3 s · 9.5/s</text>",
        "data-figure=\"received\">100<",
        "data-figure=\"dropped\">7<",
        "data-figure=\"dead_lettered\">2<",
        "data-figure=\"live\">55<",
        "data-figure=\"postgres\">54<",
        "data-figure=\"elasticsearch\">–<",
        "met: 55 works are live, 54 in PostgreSQL",
        "data-figure=\"letters_open\">3<",
        "freshet dead-letter show 3 17",
        "freshet decide approve-removal image:met",
        "400 of 1000 works",
        "data-figure=\"policy_version\">42<",
        "A. Person",
        "data-figure=\"searches\">31<",
        "(no words)",
        "owwl",
        "2026-11-30T11:00:00.000Z",
        ">failed<",
        "The sums do not agree."}) {
    EXPECT_THAT(html, HasSubstr(expected));
  }
  EXPECT_THAT(html, Not(HasSubstr("All sums agree.")));
}

TEST(OpsParts, EscapeWhatStrangersWrote) {
  const std::string html = shown();
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, Not(HasSubstr("<b>gone")));
  EXPECT_THAT(html, HasSubstr("runs: topic &lt;b&gt;gone"));
}

TEST(OpsParts, OfNothingSayThatFiguresCome) {
  static const Site site{embedded_files()};
  EXPECT_THAT(ops_parts(site, json::object{}), HasSubstr("The first figures come"));
}

TEST(OpsFlow, HasAnEdgeForEachTopicOfAGroup) {
  const Flow flow = draw_flow(parse_json(kFigures).value().at("lag"));
  std::vector<std::string> labels;
  for (const Flow::Edge& edge : flow.edges) {
    if (!edge.label.empty()) {
      labels.push_back(edge.figure + ": " + edge.label + " " + std::string{to_string(edge.pace)});
    }
  }
  EXPECT_THAT(labels,
              testing::ElementsAre("process.catalogue media.raw.v1: 3.3 s · 9.5/s fine",
                                   "process.catalogue media.decisions.v1: 0.0 s · 0.0/s fine",
                                   "sink.postgres media.catalog.v1: 99.0 s · –/s late"));
  for (std::size_t a = 0; a < flow.boxes.size(); ++a) {
    EXPECT_LE(flow.boxes[a].y + 42, flow.height);
    for (std::size_t b = a + 1; b < flow.boxes.size(); ++b) {
      const bool is_apart =
          flow.boxes[a].x != flow.boxes[b].x || std::abs(flow.boxes[a].y - flow.boxes[b].y) >= 42;
      EXPECT_TRUE(is_apart) << flow.boxes[a].name << " lies over " << flow.boxes[b].name;
    }
  }
}

class FakeOpsView final : public OpsView {
 public:
  std::shared_ptr<const Figures> newest() override {
    ++asked;
    return std::make_shared<Figures>(figures);
  }
  Figures figures{1, kFigures};
  int asked = 0;
};

TEST(OpsPage, StreamsItsPartsWhenSomethingWasMeasured) {
  FakeOpsView view;
  OpsPage page{view, ""};
  const auto site = std::make_shared<const Site>(embedded_files());
  Request request = from("127.0.0.1");
  EXPECT_EQ(answer(page, site, request).status, 200U);
  request.path = "/ops/figures";
  EXPECT_EQ(answer(page, site, request).body, kFigures);
  request.path = "/ops/events";
  const Reply reply = answer(page, site, request);
  ASSERT_TRUE(reply.stream);
  EXPECT_EQ(reply.content_type, "text/event-stream");
  const std::vector<std::string> pieces = read_pieces(reply, 2);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_TRUE(pieces[0].starts_with("event: parts\ndata: \"")) << pieces[0].substr(0, 40);
  EXPECT_EQ(pieces[0].find('\n', 20), pieces[0].size() - 2) << "data may hold no line end";
  EXPECT_EQ(pieces[1], "");
  view.figures.round = 2;
  EXPECT_TRUE(read_pieces(reply, 1).at(0).starts_with("event: parts\n"));
  std::vector<Reply> others;
  for (int i = 1; i < OpsPage::kMostWatchers; ++i) {
    others.push_back(answer(page, site, request));
    EXPECT_EQ(others.back().status, 200U);
  }
  EXPECT_EQ(answer(page, site, request).status, 503U);
  others.clear();
  EXPECT_EQ(answer(page, site, request).status, 200U);
}

TEST(OpsPage, ChangesNothingAndIsNotForOthers) {
  FakeOpsView view;
  OpsPage page{view, ""};
  const auto site = std::make_shared<const Site>(embedded_files());
  Request request = from("127.0.0.1");
  request.method = "POST";
  EXPECT_EQ(answer(page, site, request).status, 405U);
  const int asked = view.asked;
  EXPECT_EQ(answer(page, site, from("192.0.2.7")).status, 403U);
  EXPECT_EQ(view.asked, asked) << "nothing is measured for others";
  OpsPage locked{view, hash_of("x")};
  const Reply reply = answer(locked, site, from("192.0.2.7"));
  EXPECT_EQ(reply.status, 401U);
  EXPECT_THAT(header_of(reply, "WWW-Authenticate"), HasSubstr("Basic"));
  EXPECT_EQ(header_of(reply, "Cache-Control"), "no-store");
}

}  // namespace
}  // namespace freshet::api::web
