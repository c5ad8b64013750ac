#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include "api/change_feed.hpp"
#include "api/dispatcher.hpp"
#include "api/local_limiter.hpp"
#include "core/json.hpp"
#include "tests/unit/api/asking.hpp"
#include "tests/unit/api/fake_services.hpp"

namespace freshet::api {
namespace {

using testing::ElementsAre;

constexpr const char* kEpoch = "0123456789ab";

ChangeEntry entry(std::int64_t number, bool was_live, bool is_live) {
  ChangeEntry made;
  made.at = {kEpoch, 20, number};
  made.media_type = "image";
  made.identifier = "id-" + std::to_string(number);
  made.revision = 7;
  made.was_live = was_live;
  made.is_live = is_live;
  made.status = is_live ? "live" : "blocked";
  if (was_live) {
    made.was_source = "met";
    made.was_license = "by";
  }
  if (is_live) {
    made.source = "met";
    made.license = "by";
    made.work = R"({"title":"T"})";
  }
  made.changed_at = "2026-11-30T12:00:00.000Z";
  return made;
}

TEST(FeedPositionTest, IsReadAsItIsWritten) {
  const FeedPosition position{kEpoch, 18446744073709551615U, 12};
  EXPECT_EQ(to_text(position), "0123456789ab.18446744073709551615.12");
  EXPECT_EQ(parse_feed_position(to_text(position)), position);
  for (const char* bad :
       {"", "now", "0123456789ab", "0123456789ab.1", "0123456789ab.1.", "0123456789ab..1",
        "0123456789ab.1.-1", "0123456789ab.-1.1", "0123456789a.1.1", "0123456789ag.1.1",
        "0123456789ab.1.1.1", "0123456789ab.18446744073709551616.1", " 0123456789ab.1.1"}) {
    EXPECT_FALSE(parse_feed_position(bad)) << bad;
  }
}

TEST(ChangeLine, SaysWhatBecameOfAWork) {
  EXPECT_EQ(change_line(entry(1, false, true), {}),
            R"({"event":"visible","cursor":"0123456789ab.20.1","changed_at":)"
            R"("2026-11-30T12:00:00.000Z","media_type":"image","id":"id-1","revision":7,)"
            R"("work":{"title":"T"}})");
  EXPECT_EQ(event_of(entry(1, true, true), {}), "changed");
  EXPECT_EQ(change_line(entry(1, true, false), {}),
            R"({"event":"gone","cursor":"0123456789ab.20.1","changed_at":)"
            R"("2026-11-30T12:00:00.000Z","media_type":"image","id":"id-1","revision":7,)"
            R"("reason":"blocked"})");
}

TEST(ChangeLine, LeavesToALaterEntryWhatALaterEntrySays) {
  ChangeEntry changed_again = entry(1, true, true);
  changed_again.work.reset();
  EXPECT_FALSE(change_line(changed_again, {}));
  ChangeEntry gone = entry(1, true, false);
  EXPECT_TRUE(change_line(gone, {})) << "it may come back, but until then it is gone";
}

TEST(ChangeLine, AWorkThatLeavesWhatIsWantedIsGone) {
  const ChangeFilter by{std::nullopt, {}, {"by"}};
  ChangeEntry relicensed = entry(1, true, true);
  relicensed.license = "CC0";
  relicensed.work.reset();  // the database does not read what is not wanted
  EXPECT_EQ(event_of(relicensed, by), "gone");
  EXPECT_NE(change_line(relicensed, by)->find(R"("reason":"filter")"), std::string::npos);
  const ChangeFilter cc0{std::nullopt, {}, {"cc0"}};
  relicensed.work = "{}";
  EXPECT_EQ(event_of(relicensed, cc0), "visible");
  EXPECT_FALSE(change_line(entry(1, true, true), cc0)) << "neither before nor now";
  EXPECT_FALSE(change_line(entry(1, true, true), {Media::audio, {}, {}}));
  EXPECT_EQ(event_of(entry(1, true, true), {Media::image, {"met", "x"}, {"by"}}), "changed");
  EXPECT_FALSE(change_line(entry(1, true, true), {std::nullopt, {"x"}, {}}));
}

TEST(ChangeLine, GivesNothingOfAHiddenSource) {
  ChangeEntry hidden = entry(1, true, true);
  hidden.is_source_hidden = true;
  EXPECT_NE(change_line(hidden, {})->find(R"("reason":"source_hidden")"), std::string::npos);
  EXPECT_EQ(change_line(hidden, {})->find("\"work\""), std::string::npos);
  hidden.was_live = false;
  EXPECT_FALSE(change_line(hidden, {}));
  ChangeEntry source;
  source.at = {kEpoch, 20, 3};
  source.media_type = "source";
  source.source = "Met";
  source.changed_at = "t";
  EXPECT_EQ(change_line(source, {}),
            R"({"event":"source_hidden","cursor":"0123456789ab.20.3","changed_at":"t",)"
            R"("source":"Met"})");
  source.is_live = true;
  EXPECT_EQ(event_of(source, {Media::audio, {"met"}, {"by"}}), "source_shown");
  EXPECT_FALSE(change_line(source, {std::nullopt, {"other"}, {}}));
}

class ChangesTest : public testing::Test, protected FakeServices {
 protected:
  Reply get(const std::string& target, const std::string& accept = "",
            const std::string& last_id = "", const std::string& address = "192.0.2.1") {
    Request request = request_for("GET", target);
    request.client_address = address;
    request.accept = accept;
    request.last_event_id = last_id;
    return ask(dispatcher, std::move(request));
  }
  static std::vector<std::string> events(const std::string& body) {
    std::vector<std::string> found;
    for (std::size_t at = 0; at < body.size(); at = body.find('\n', at) + 1) {
      const json::value line = json::parse(body.substr(at, body.find('\n', at) - at));
      found.emplace_back(line.at("event").as_string());
    }
    return found;
  }
  static json::value last_line(const std::string& body) {
    return json::parse(body.substr(body.rfind('\n', body.size() - 2) + 1));
  }
  /// The next pieces of a stream, in one text.
  static std::string read(Reply& reply, int pieces) {
    const std::vector<std::string> found = read_pieces(reply, static_cast<std::size_t>(pieces));
    std::string text;
    for (const std::string& piece : found) {
      text += piece;
    }
    if (std::ssize(found) < pieces) {
      text += "[end]";
    }
    return text;
  }

  NoLimiter limiter;
  Dispatcher dispatcher{with(limiter), router};
};

TEST_F(ChangesTest, LinesEndWithWhereToGoOn) {
  changes.entries = {entry(1, false, true), entry(2, true, true), entry(3, true, false)};
  const Reply all = get("/v1/changes/");
  EXPECT_EQ(all.status, 200U);
  EXPECT_EQ(all.content_type, "application/jsonl");
  EXPECT_EQ(header_of(all, "Cache-Control"), "no-store");
  EXPECT_THAT(events(all.body), ElementsAre("visible", "changed", "gone", "cursor"));
  EXPECT_EQ(to_json(last_line(all.body)),
            R"({"event":"cursor","cursor":"0123456789ab.20.3","is_end":true})");
  const Reply part = get("/v1/changes/?limit=1&since=0123456789ab.20.1");
  EXPECT_THAT(events(part.body), ElementsAre("changed", "cursor"));
  EXPECT_EQ(last_line(part.body).at("is_end"), json::value(false));
  const Reply none = get("/v1/changes/?since=0123456789ab.20.3");
  EXPECT_EQ(to_json(last_line(none.body)),
            R"({"event":"cursor","cursor":"0123456789ab.20.3","is_end":true})");
  EXPECT_EQ(to_json(last_line(get("/v1/changes/?since=now").body)),
            R"({"event":"cursor","cursor":"0123456789ab.100.0","is_end":true})");
}

TEST_F(ChangesTest, WhatAFilterPassesOverStillMovesTheCursor) {
  for (std::int64_t number = 1; number <= 1200; ++number) {
    changes.entries.push_back(entry(number, true, true));
  }
  changes.entries.back().source = changes.entries.back().was_source = "zoo";
  const Reply reply = get("/v1/changes/?source=ZOO");
  EXPECT_THAT(events(reply.body), ElementsAre("changed", "cursor"));
  EXPECT_EQ(last_line(reply.body).at("cursor"), json::value("0123456789ab.20.1200"));
}

TEST_F(ChangesTest, ACursorThatCannotBeGoneOnFromIsRefused) {
  for (const char* bad : {"x", "0123456789ab.1", "0123456789ab.101.0"}) {
    EXPECT_EQ(get(std::string{"/v1/changes/?since="} + bad).status, 400U) << bad;
  }
  EXPECT_EQ(get("/v1/changes/?since=ffffffffffff.20.1").status, 410U) << "it began anew";
  const Reply old = get("/v1/changes/?since=0123456789ab.9.5");
  EXPECT_EQ(old.status, 410U);
  EXPECT_NE(old.body.find("dump"), std::string::npos);
  // What is forgotten between the look at the start and the read must not be missed in silence.
  changes.forgets_while_reading = true;
  EXPECT_EQ(get("/v1/changes/?since=0123456789ab.10.0").status, 410U);
}

TEST_F(ChangesTest, FaultsOfParametersAreNamed) {
  for (const char* bad : {"limit=0", "limit=2001", "limit=x", "media_type=video", "license=gpl"}) {
    const Reply reply = get(std::string{"/v1/changes/?"} + bad);
    EXPECT_EQ(reply.status, 400U) << bad;
    const std::string name = std::string{bad}.substr(0, std::string{bad}.find('='));
    EXPECT_NE(reply.body.find("{\"detail\":{\"" + name), std::string::npos) << reply.body;
  }
  changes.fault = Error{Errc::unreachable, Retry::after_backoff, "away"};
  EXPECT_EQ(get("/v1/changes/").status, 503U);
}

TEST_F(ChangesTest, EventsComeAsTheyAreAskedFor) {
  changes.entries = {entry(1, false, true), entry(2, true, false)};
  Reply reply = get("/v1/changes/", "text/event-stream");
  EXPECT_EQ(reply.content_type, "text/event-stream");
  ASSERT_NE(reply.stream, nullptr);
  EXPECT_FALSE(reply.stream_bytes);
  EXPECT_EQ(read(reply, 1), "retry: 3000\nid: 0123456789ab.10.0\n\n");
  const std::string text = read(reply, 1);
  EXPECT_TRUE(text.starts_with("id: 0123456789ab.20.1\nevent: visible\ndata: {\"event\":"));
  EXPECT_NE(text.find("\n\nid: 0123456789ab.20.2\nevent: gone\ndata: {"), std::string::npos);
  EXPECT_TRUE(text.ends_with("}\n\n"));
  EXPECT_EQ(read(reply, 1), "") << "no news";
  changes.entries.push_back(entry(3, true, true));
  EXPECT_TRUE(read(reply, 1).starts_with("id: 0123456789ab.20.3\n"));
  changes.fault = Error{Errc::unreachable, Retry::after_backoff, "away"};
  EXPECT_EQ(read(reply, 1), "") << "a store that is away comes back";
  changes.fault.reset();
  changes.entries.push_back(entry(4, true, true));
  changes.forgets_while_reading = true;
  EXPECT_EQ(read(reply, 2), "event: expired\ndata: {\"event\":\"expired\"}\n\n[end]");
}

TEST_F(ChangesTest, AReaderOfEventsComesBackWhereItWas) {
  changes.entries = {entry(1, false, true), entry(2, true, false)};
  Reply reply = get("/v1/changes/?since=now", "text/event-stream", "0123456789ab.20.1");
  EXPECT_EQ(read(reply, 1), "retry: 3000\nid: 0123456789ab.20.1\n\n");
  EXPECT_TRUE(read(reply, 1).starts_with("id: 0123456789ab.20.2\nevent: gone\n"));
}

TEST_F(ChangesTest, ReadersOfEventsAreBounded) {
  std::vector<Reply> open;
  const auto enter = [&](int number) {
    return get("/v1/changes/", "text/event-stream", "", "10.0.0." + std::to_string(number / 4));
  };
  for (int i = 0; i < 200; ++i) {
    open.push_back(enter(i));
    ASSERT_EQ(open.back().status, 200U) << i;
  }
  EXPECT_EQ(enter(201).status, 503U);
  EXPECT_EQ(get("/v1/changes/").status, 200U);
  open.pop_back();
  EXPECT_EQ(enter(0).status, 429U) << "four of one address";
  EXPECT_EQ(enter(201).status, 200U);
  open.clear();
  EXPECT_EQ(enter(0).status, 200U);
}

TEST_F(ChangesTest, ReadersWhoWaitForNewsShareOneLook) {
  changes.entries = {entry(1, false, true)};
  std::vector<Reply> open;
  for (int i = 0; i < 20; ++i) {
    open.push_back(
        get("/v1/changes/?since=0123456789ab.20.1", "text/event-stream", "", std::to_string(i)));
  }
  const auto all_read = [&] {
    boost::asio::io_context context;
    for (const Reply& reply : open) {
      boost::asio::co_spawn(
          context, [&]() -> Task<void> { co_await reply.stream->next(); }, boost::asio::detached);
    }
    context.run();
  };
  all_read();  // where they stand
  all_read();  // to the end
  changes.reads = changes.bounds_asked = 0;
  all_read();
  EXPECT_EQ(changes.reads, 0) << "there is no news";
  EXPECT_EQ(changes.bounds_asked, 1);
  changes.entries.push_back(entry(2, true, true));
  all_read();
  EXPECT_EQ(changes.reads, 20);
}

TEST_F(ChangesTest, RepliesAreBoundedInBytesAndSayWhereToGoOn) {
  for (std::int64_t number = 1; number <= 40; ++number) {
    ChangeEntry large = entry(number, true, true);
    large.work = "{\"title\":\"" + std::string(std::size_t{1} << 20U, 'x') + "\"}";
    changes.entries.push_back(std::move(large));
  }
  std::string cursor = "0123456789ab.10.0";
  std::size_t told = 0;
  bool is_end = false;
  while (!is_end && told < 100) {
    const Reply reply = get("/v1/changes/?since=" + cursor);
    ASSERT_EQ(reply.status, 200U);
    EXPECT_LT(reply.body.size(), std::size_t{9} << 20U);
    const std::size_t lines = events(reply.body).size() - 1;
    ASSERT_GT(lines, 0U);
    told += lines;
    const json::value last = last_line(reply.body);
    cursor = last.at("cursor").as_string();
    is_end = last.at("is_end").as_bool();
  }
  EXPECT_EQ(told, 40U) << "each of them once";
}

TEST_F(ChangesTest, NowIsNeverBeforeTheStart) {
  changes.limits.start = {kEpoch, 120, 3};  // behind what an older transaction lets be read
  const Reply reply = get("/v1/changes/?since=now");
  EXPECT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(last_line(reply.body).at("cursor"), json::value("0123456789ab.120.3"));
}

TEST_F(ChangesTest, FreshnessIsAnsweredOrUnavailable) {
  freshness.answer = std::string{R"({"stages":[]})"};
  EXPECT_EQ(get("/v1/freshness/").body, R"({"stages":[]})");
  freshness.answer = Error{Errc::unreachable, Retry::after_backoff, "no broker"};
  const Reply reply = get("/v1/freshness/");
  EXPECT_EQ(reply.status, 503U);
  EXPECT_EQ(reply.body,
            R"({"detail":"Freshness is not measured now. Ask again in a few seconds."})");
}

}  // namespace
}  // namespace freshet::api
