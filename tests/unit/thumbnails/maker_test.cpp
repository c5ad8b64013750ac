#include "thumbnails/maker.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <stdexcept>

namespace freshet::thumbnails {
namespace {

namespace fs = std::filesystem;

/// Sources: those whose host is `slow.example` answer when they are let go, the others at once.
class Sources {
 public:
  http::Response answer(const std::string& url) {
    std::unique_lock lock{mutex_};
    ++asked_;
    changed_.notify_all();
    if (url.find("//slow.example/") != url.npos) {
      changed_.wait(lock, [this] { return is_open_; });
    }
    return {200, {}, "bytes", url};
  }
  void open() {
    const std::lock_guard lock{mutex_};
    is_open_ = true;
    changed_.notify_all();
  }
  void await_asked(int count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return asked_ >= count; });
  }
  int asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
  int asked_ = 0;
};

class Client final : public http::HttpClient {
 public:
  explicit Client(Sources& sources) : sources_{sources} {}
  Result<http::Response> send(const http::Request& request) override {
    if (request.url.ends_with("/gone")) {
      static_cast<void>(sources_.answer(request.url));
      return Error{Errc::unreachable, Retry::never, "gone"};
    }
    return sources_.answer(request.url);
  }

 private:
  Sources& sources_;
};

class MakerTest : public testing::Test {
 protected:
  MakerTest()
      : directory_{fs::temp_directory_path() /
                   ("maker-" + std::to_string(getpid()) + "-" +
                    testing::UnitTest::GetInstance()->current_test_info()->name())},
        cache_{directory_, 1'000'000} {
    bounds_.pictures.threads = 4;
    bounds_.pictures.host_at_once = 2;
    bounds_.pictures.patience = bounds_.recordings.patience = std::chrono::hours{1};
  }
  ~MakerTest() override {
    sources_.open();
    maker_.reset();
    fs::remove_all(directory_);
  }

  void ask(const std::string& url, Kind kind = Kind::picture) {
    if (!maker_) {
      maker_ = std::make_unique<Maker>(
          bounds_, [this] { return std::make_unique<Client>(sources_); },
          [this](std::string_view file, const Job& job) { return decode(file, job); }, cache_,
          metrics_, stop_.get_token());
    }
    maker_->ask({.kind = kind, .url = url}, [this, url](const Answer& answer) {
      const std::lock_guard lock{mutex_};
      answers_.emplace_back(url, answer.verdict);
      changed_.notify_all();
    });
  }
  using Answers = std::vector<std::pair<std::string, Verdict>>;
  Answers await_answers(std::size_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return answers_.size() >= count; });
    return answers_;
  }
  Verdict ask_and_wait(const std::string& url) {
    const std::size_t before = await_answers(0).size();
    ask(url);
    return await_answers(before + 1).back().second;
  }

  std::function<Decoded(std::string_view, const Job&)> decode = [](std::string_view file,
                                                                   const Job&) {
    return Decoded{Fate::made, "image/jpeg", std::string{file}};
  };
  Bounds bounds_;
  Sources sources_;
  std::stop_source stop_;

 private:
  const fs::path directory_;
  PictureCache cache_;
  Metrics metrics_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Answers answers_;
  std::unique_ptr<Maker> maker_;
};

TEST_F(MakerTest, ASlowHostLeavesThreadsToOthers) {
  for (int i = 0; i < 10; ++i) {
    ask("https://slow.example/" + std::to_string(i));
  }
  sources_.await_asked(2);
  ask("https://quick.example/a");
  const Answers first = await_answers(1);
  EXPECT_EQ(first.front().first, "https://quick.example/a");
  EXPECT_EQ(sources_.asked(), 3) << "two of the slow host, whose others wait";
  sources_.open();
  for (const auto& [url, verdict] : await_answers(11)) {
    EXPECT_EQ(verdict, Verdict::made) << url;
  }
}

TEST_F(MakerTest, MoreOfAHostThanMayWaitIsRefusedAndOthersAreNot) {
  bounds_.pictures.host_waiting = 3;
  for (int i = 0; i < 6; ++i) {
    ask("https://slow.example/" + std::to_string(i));
  }
  const Answers refused = await_answers(1);
  EXPECT_EQ(refused.front(), (Answers::value_type{"https://slow.example/5", Verdict::overloaded}));
  EXPECT_EQ(ask_and_wait("https://quick.example/a"), Verdict::made);
}

TEST_F(MakerTest, RecordingsThatWaitLeaveRoomForPictures) {
  bounds_.recordings.under_way = 3;
  bounds_.pictures.under_way = 1;
  for (int i = 0; i < 4; ++i) {
    ask("https://slow.example/" + std::to_string(i), Kind::peaks);
  }
  EXPECT_EQ(await_answers(1).front(),
            (Answers::value_type{"https://slow.example/3", Verdict::overloaded}));
  EXPECT_EQ(ask_and_wait("https://quick.example/a"), Verdict::made);
}

TEST_F(MakerTest, WhatNobodyWaitsForAnyMoreIsNotBegun) {
  bounds_.pictures.patience = std::chrono::milliseconds{0};
  EXPECT_EQ(ask_and_wait("https://quick.example/a"), Verdict::overloaded);
  EXPECT_EQ(sources_.asked(), 0);
}

TEST_F(MakerTest, ManyWhoAskForOneThingHaveItMadeOnce) {
  for (int i = 0; i < 5; ++i) {
    ask("https://slow.example/a");
  }
  sources_.open();
  EXPECT_EQ(await_answers(5).back().second, Verdict::made);
  EXPECT_EQ(sources_.asked(), 1);
}

TEST_F(MakerTest, WhatFailsBecauseOfUsDoesNotCountAgainstItsFile) {
  std::atomic<Fate> fate = Fate::not_tried;
  decode = [&](std::string_view, const Job&) { return Decoded{fate, "image/jpeg", "bytes"}; };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask_and_wait("https://quick.example/a"), Verdict::overloaded);
  }
  fate = Fate::made;
  EXPECT_EQ(ask_and_wait("https://quick.example/a"), Verdict::made);
  fate = Fate::none;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask_and_wait("https://quick.example/b"), Verdict::failed);
  }
  EXPECT_EQ(sources_.asked(), 6 + 3) << "given up after three times";
}

TEST_F(MakerTest, AFetchThatIsGivenUpAtTheEndDoesNotCount) {
  stop_.request_stop();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask_and_wait("https://quick.example/gone"), Verdict::overloaded);
  }
  EXPECT_EQ(sources_.asked(), 5);
}

TEST_F(MakerTest, GoesOnAfterAnException) {
  std::atomic<bool> throws = true;
  decode = [&](std::string_view file, const Job&) {
    if (throws) {
      throw std::runtime_error{"no memory"};
    }
    return Decoded{Fate::made, "image/jpeg", std::string{file}};
  };
  EXPECT_EQ(ask_and_wait("https://quick.example/a"), Verdict::failed);
  throws = false;
  EXPECT_EQ(ask_and_wait("https://quick.example/a"), Verdict::made) << "it is not under way still";
}

}  // namespace
}  // namespace freshet::thumbnails
