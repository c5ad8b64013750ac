#include "producers/common_crawl/crawl_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "core/check.hpp"
#include "core/crawl/archive.hpp"
#include "core/crawl/gzip_text.hpp"
#include "core/hash.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "producers/common_crawl/crawl_file.hpp"
#include "producers/common_crawl/done_files.hpp"

namespace freshet {
namespace {

constexpr std::size_t kMostPaths = 256U << 20U;  // of a crawl's list; the largest has 14 MB
constexpr int kMostFailuresInARow = 10;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!(text = trim_space(text)).empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

class CrawlRun {
 public:
  CrawlRun(const CrawlOptions& options, const CrawlParts& parts)
      : options_{options}, parts_{parts}, left_{options.limit.value_or(0)} {}

  RunState run() {
    list_files();
    start();
    {
      std::vector<std::jthread> workers;
      const auto count =
          std::clamp<std::size_t>(files_.size(), 1, static_cast<std::size_t>(options_.workers));
      for (std::size_t i = 0; i < count; ++i) {
        workers.emplace_back([this] { work(); });
      }
    }  // joined
    end();
    return state_;
  }

 private:
  void list_files() {
    if (options_.index.empty()) {
      files_ = options_.files;
      return;
    }
    const std::string path = fmt::format("crawl-data/{}/{}.paths.gz", options_.index,
                                         options_.kind == CrawlFiles::wat ? "wat" : "warc");
    const auto client = parts_.make_client();
    const Archive archive{options_.base, *client};
    const auto refuse = [&](const Error& error) {
      throw StartupError{fmt::format("the crawl {} cannot be listed: {}: {}", options_.index,
                                     archive.name_of(path), error.message())};
    };
    auto source = archive.open(path);
    if (!source) {
      refuse(source.error());
    }
    const auto text = read_gzip_text(**source, kMostPaths);
    if (!text) {
      refuse(text.error());
    }
    const std::vector<std::string> all = words_of(*text);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (static_cast<int>(i % static_cast<std::size_t>(options_.shards)) == options_.shard - 1) {
        files_.push_back(all[i]);
      }
    }
    if (files_.empty()) {
      throw StartupError{fmt::format("{} names no file", archive.name_of(path))};
    }
  }

  std::optional<RunState> last_state() {
    auto last = parts_.state.last_state(state_.command);
    if (!last) {
      throw WorkFailed{"the last run's state cannot be read: " + last.error().message()};
    }
    return std::move(*last);
  }

  json::object arguments() const {
    // The number of files: should the list have changed, places in it mean something else.
    return {{"index", options_.index}, {"files", files_.size()}};
  }

  void start() {
    state_.command = crawl_run_name(options_);
    state_.started_at = UtcTime::from_millis(parts_.clock.now().millis());
    state_.run_id =
        fmt::format("common_crawl-{}-{}", format_millis(state_.started_at).substr(0, 19),
                    to_hex(xxh3(state_.command)));
    std::erase(state_.run_id, ':');
    if (const auto other = last_state(); other && is_alive(*other, parts_.clock.now())) {
      throw RefusedError{fmt::format("run {} goes on{}", other->run_id,
                                     other->holder ? " on " + other->holder->host : "")};
    }
    // Runs of several shares count at the same time, each under a number of its own.
    constexpr std::uint64_t kNumbers = 0x3FFFFFFF;
    const auto sums = static_cast<std::int32_t>(1 + xxh3(state_.command) % kNumbers);
    if (const auto taken = parts_.state.take_over(state_.command, sums); !taken) {
      throw WorkFailed{"the run's state cannot be taken over: " + taken.error().message()};
    }
    const auto last = last_state();
    if (!options_.restart && !options_.index.empty() && last && last->cursor &&
        last->outcome != RunOutcome::finished && last->cursor->arguments == arguments()) {
      done_ = DoneFiles::from_params(last->cursor->next.value_or(Params{}));
      state_ = *last;
      state_.outcome = RunOutcome::running;
      state_.finished_at.reset();
      state_.error.clear();
    }
    state_.holder = this_process();
    keep({});
    if (!state_.error.empty()) {
      throw WorkFailed{state_.error};
    }
    log::info("run_started", {{"provider", state_.command},
                              {"run_id", state_.run_id},
                              {"files", files_.size()},
                              {"done", done_.count()}});
  }

  // The next file for a worker; nothing: none is left, or the run ends.
  std::optional<std::size_t> next_file() {
    const std::lock_guard lock{mutex_};
    while (!is_ending_ && !parts_.stop.stop_requested() && next_ < files_.size()) {
      const std::size_t file = next_++;
      if (!done_.contains(static_cast<std::int64_t>(file))) {
        return file;
      }
    }
    return std::nullopt;
  }

  void work() {
    const auto client = parts_.make_client();
    const Archive archive{options_.base, *client};
    const auto output = parts_.make_output();
    WatReader reader;
    const CrawlFileParts file_parts{.archive = archive,
                                    .output = *output,
                                    .reader = reader,
                                    .stop = parts_.stop,
                                    .left = options_.limit ? &left_ : nullptr,
                                    .on_refusal = [this](const Refusal& refusal) {
                                      const std::lock_guard lock{mutex_};
                                      if (parts_.on_refusal) {
                                        parts_.on_refusal(refusal);
                                      }
                                    }};
    while (const auto file = next_file()) {
      Totals totals;
      auto ended = read_crawl_file(files_[*file], options_.kind, file_parts, totals);
      if (ended && *ended != FileEnd::stopped) {
        if (const auto flushed = output->flush(); !flushed) {
          ended = Error{flushed.error().errc(), "", "delivery",
                        "delivery failed: " + flushed.error().message()};
        }
      }
      took(*file, ended, totals);
    }
  }

  // What became of a file.
  void took(std::size_t file, const Result<FileEnd>& ended, const Totals& totals) {
    const std::lock_guard lock{mutex_};
    if (!ended) {
      const auto error = ended.error();
      if (parts_.stop.stop_requested()) {
        return;
      }
      log::warn("crawl_file_failed", {{"file", files_[file]}, {"reason", error.message()}});
      failed_.push_back(fmt::format("{}: {}", files_[file], error.message()));
      is_ending_ =
          is_ending_ || error.rule() == "delivery" || ++failures_in_a_row_ >= kMostFailuresInARow;
      return;
    }
    if (*ended == FileEnd::stopped) {
      return;
    }
    failures_in_a_row_ = 0;
    if (*ended == FileEnd::limit) {
      is_ending_ = is_limited_ = true;
    } else {
      done_.add(static_cast<std::int64_t>(file));
    }
    Totals with_file = totals;
    with_file.add("pages");  // a file is what a page of a list is to other providers
    state_.counts.add(with_file);
    keep({{std::string{kCommonCrawl}, with_file}});
    if (parts_.on_progress) {
      parts_.on_progress(state_.counts);
    }
  }

  // Writes the state. The caller has the lock, or is alone.
  void keep(const TotalsByProvider& added) {
    Cursor cursor;
    cursor.arguments = arguments();
    cursor.next = done_.to_params();
    state_.cursor = std::move(cursor);
    state_.updated_at = parts_.clock.now();
    if (const auto kept = parts_.state.checkpoint(state_, added); !kept) {
      state_.error = "the run's state cannot be kept: " + kept.error().message();
      is_ending_ = has_lost_ = true;
    }
  }

  void end() {
    const bool is_done = done_.count() == static_cast<std::int64_t>(files_.size());
    if (has_lost_) {
      state_.outcome = RunOutcome::failed;
      return;
    }
    if (!failed_.empty()) {
      state_.outcome = RunOutcome::failed;
      state_.error =
          fmt::format("{} files could not be read, the first: {}", failed_.size(), failed_.front());
    } else {
      state_.outcome = is_done || is_limited_ ? RunOutcome::finished : RunOutcome::stopped;
    }
    const RunOutcome outcome = state_.outcome;
    state_.finished_at = parts_.clock.now();
    keep({});
    state_.outcome = has_lost_ ? RunOutcome::failed : outcome;
    log::info("run_ended", {{"provider", state_.command},
                            {"run_id", state_.run_id},
                            {"outcome", to_string(state_.outcome)},
                            {"files", state_.counts.at("pages")},
                            {"listed", state_.counts.at("listed")},
                            {"emitted", state_.counts.at("emitted")},
                            {"dropped", state_.counts.sum("dropped")},
                            {"rejected", state_.counts.sum("rejected")}});
  }

  const CrawlOptions& options_;
  const CrawlParts& parts_;
  std::vector<std::string> files_;
  std::atomic<std::int64_t> left_;

  std::mutex mutex_;  // once a file: guards what follows
  std::size_t next_ = 0;
  DoneFiles done_;
  RunState state_;
  std::vector<std::string> failed_;
  int failures_in_a_row_ = 0;
  bool is_ending_ = false;
  bool is_limited_ = false;
  bool has_lost_ = false;
};

}  // namespace

std::string crawl_run_name(const CrawlOptions& options) {
  std::string name = std::string{kCommonCrawl} + " " +
                     (options.index.empty() ? std::string{"files"} : options.index);
  if (options.kind == CrawlFiles::warc) {
    name += " warc";
  }
  if (options.shards > 1) {
    name += fmt::format(" {}/{}", options.shard, options.shards);
  }
  return name;
}

RunState run_crawl(const CrawlOptions& options, const CrawlParts& parts) {
  return CrawlRun{options, parts}.run();
}

}  // namespace freshet
