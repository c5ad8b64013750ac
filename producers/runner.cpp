#include "producers/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/http/url.hpp"
#include "core/log.hpp"
#include "core/record/finished_run.hpp"
#include "core/text.hpp"
#include "producers/list_guard.hpp"
#include "producers/page_expander.hpp"
#include "producers/run_counts.hpp"
#include "producers/run_cursor.hpp"
#include "producers/run_delivery.hpp"
#include "producers/run_size.hpp"
#include "producers/run_start.hpp"
#include "producers/run_streak.hpp"
#include "producers/run_watch.hpp"
#include "producers/set_end.hpp"

namespace freshet {
namespace {

constexpr int kMaxFailedPagesInARow = 10;

std::string hash_of(const json::value& item) { return to_hex(xxh3(to_json(item))); }

std::uint64_t fingerprint(const Params& params) {
  std::string text;
  for (const auto& [name, value] : params) {
    text.append(name).append("\n").append(value).append("\n");
  }
  return xxh3(text);
}

// Of runs that fail in a row: the third, and then not at each.
bool is_told(int attempts) { return attempts == 3 || (attempts > 0 && attempts % 10 == 0); }

std::string with_params(const std::string& message, const Params& params) {
  return message + " (parameters " + to_json(params_to_json(params)) + ")";
}

FetchOptions fetch_options(const ProviderSpec& spec, const std::string& key) {
  FetchOptions options;
  options.headers = spec.headers;
  options.credential = spec.credential;
  options.key = key;
  options.credential_host = http::host_of(spec.endpoint).value_or("");
  options.timeout = spec.timeout;
  options.patience.retries = spec.retries;
  options.patience.min_interval = spec.delay;
  return options;
}

/// One run. What is to be done is decided elsewhere (`Streak`, `SetEnds`, `ListGuard`, run_cursor,
/// run_size); here it is done.
class Runner {
 public:
  Runner(Provider& provider, const RunOptions& options, RunnerParts parts, StartedRun started)
      : provider_{provider},
        spec_{provider.spec()},
        options_{options},
        parts_{std::move(parts)},
        session_{parts_.http, fetch_options(spec_, parts_.key), parts_.sleep, parts_.http_clock,
                 parts_.limits},
        fetch_{session_},
        expander_{provider, session_, std::min(spec_.in_flight, parts_.most_in_flight)},
        run_{std::move(started.run)},
        state_{std::move(started.state)},
        cursor_{std::move(started.cursor)},
        is_resumed_{started.is_resumed},
        times_{parts_.clock},
        counts_{state_.counts},
        delivery_{{spec_, parts_.output, counts_, times_, state_.run_id, parts_.on_refusal,
                   options_.limit}},
        streak_{cursor_.has_details, options_.skip_errors} {
    if (is_resumed_) {
      times_.continue_after(cursor_.last_fetched_at);
    }
  }

  RunReport run();

 private:
  // Why the loops end before their time. `limit`: as asked for.
  enum class Flow { go_on, set_done, limit, stopped, failed };
  using Items = std::vector<const json::value*>;
  struct Page {
    std::optional<Reply> reply;  ///< nothing: it failed and is skipped
    Items items;                 ///< they live in `reply`
  };
  struct HeldBack {
    Emit emit;
    json::value item;
    std::string url;
    std::int64_t number;
  };

  Flow run_sets();
  Flow run_set(std::size_t index, const std::vector<Params>& sets);
  Flow run_only();
  void begin_set(std::size_t index, const Params& fixed);
  Flow run_page(const Params& wanted, const Params& fixed, Page& page);
  Flow end_page(const Page& page, std::optional<Params>& following, bool is_last_set);
  Flow run_items(const Page& page);
  Flow run_item(const Page& page, std::size_t index);
  Flow after_item(std::int64_t done, const Items& items);
  Flow judge_streak(const Streak::Step& step);
  Flow take(const Emit& emit, const ListedItem& from);
  Flow take_held_back();
  Flow judge_run();
  Flow page_failed(const Error& error, const Params& params);
  void skipped(const std::string& text);
  Flow overdue();
  Flow list_stuck(const std::string& why);
  Flow source_away(const std::string& why);
  Flow checkpoint();
  Flow keep_place();
  Flow delivery_failed(const Error& error);
  void finish(Flow flow, bool is_read);
  void end_state(Flow flow);
  std::vector<Finding> watch_run();
  void note_end(Flow flow);
  void raise(const Finding& finding);
  bool is_skipped(const Error& error) const;
  bool is_overdue() const;
  Flow send_run_finished();
  bool holds_checkpoints() const;
  bool is_partial() const;
  bool is_full_run() const;
  void count(std::string_view name, std::int64_t amount = 1) {
    if (amount > 0) {
      counts_.add(spec_.providers.front().second, name, amount);
    }
  }
  void count_spent(const Fetch::Spent& spent);
  void report_progress() const;

  Provider& provider_;
  const ProviderSpec& spec_;
  const RunOptions& options_;
  RunnerParts parts_;
  FetchSession session_;
  Fetch fetch_;  // of lists
  PageExpander expander_;
  Run run_;
  RunState state_;  // as it was kept last, but for what the end of the run writes
  Cursor cursor_;
  bool is_resumed_;
  GrowingTime times_;
  RunCounts counts_;
  RunDelivery delivery_;
  ListGuard guard_;
  SetEnds ends_;
  std::vector<std::string> skipped_errors_;
  bool is_complete_ = false;
  bool is_doubted_ = false;
  const UtcTime began_at_ = parts_.clock.now();
  std::int64_t pages_ = 0;  // of this process, for --max-pages
  std::int64_t requests_ = 0;
  std::int64_t requests_at_checkpoint_ = 0;
  std::int64_t emitted_at_checkpoint_ = 0;
  int failed_pages_in_a_row_ = 0;
  // Records whose requests are refused are held back: should the source be away, they are asked for
  // again, and nothing of them was counted or put aside.
  Streak streak_;
  std::vector<HeldBack> held_back_;
  Cursor streak_start_;
  std::uint64_t begun_anew_ = 0;
  bool has_lost_ = false;  // a delivery failed: nothing after the last checkpoint counts
};

RunReport Runner::run() {
  Flow flow = Flow::failed;
  try {
    flow = options_.only_params.empty() ? run_sets() : run_only();
  } catch (const std::exception& exception) {
    // A list reply of a shape that nobody thought of; of a raw record, `PageExpander` takes it.
    state_.error = with_params(std::string{"a list reply cannot be read: "} + exception.what(),
                               cursor_.next.value_or(Params{}));
  }
  if (flow == Flow::go_on) {
    flow = judge_streak(streak_.end());
  }
  if (flow == Flow::go_on || flow == Flow::limit) {
    const Flow taken = take_held_back();
    flow = taken == Flow::go_on ? flow : taken;
  }
  // To its end, whatever that is worth; a run that asked for nothing is measured by nothing.
  const bool is_read = flow == Flow::go_on && !run_.nothing_new;
  if (is_read && is_full_run()) {
    flow = judge_run();
  }
  finish(flow, is_read);
  return {std::move(state_), std::move(skipped_errors_), is_complete_, is_doubted_};
}

Runner::Flow Runner::run_sets() {
  auto sets = provider_.fixed_sets(run_, fetch_);
  count_spent(fetch_.take_spent());
  if (!sets) {
    return page_failed(sets.error(), {});
  }
  if (run_.nothing_new) {
    log::info("nothing_is_new", {{"provider", spec_.command}, {"reason", *run_.nothing_new}});
    return Flow::go_on;
  }
  FirstSet from;
  if (is_resumed_) {
    from = resumed_set(*sets, cursor_);
  } else if (options_.initial_params) {
    from.index = set_of(*sets, *options_.initial_params);
  }
  for (std::size_t index = from.index; index < sets->size(); ++index) {
    // Where no request is the next one, the set was at its begin, or at its end: what was read of
    // it then is asked for again, and is no sign of a list that stands still.
    if (from.is_begun && index == from.index && cursor_.next) {
      cursor_.set = index;
      guard_.resume_set(index, cursor_.marks);
    } else {
      begin_set(index, (*sets)[index]);
      if (options_.initial_params && !is_resumed_ && index == from.index) {
        cursor_.next = options_.initial_params;
        cursor_.listed = Cursor::kUnknown;  // it begins somewhere within
      }
    }
    const Flow flow = run_set(index, *sets);
    if (flow != Flow::set_done) {
      return flow;
    }
  }
  return Flow::go_on;
}

void Runner::begin_set(std::size_t index, const Params& fixed) {
  enter_set(cursor_, index, fixed);
  guard_.start_set(index);
}

Runner::Flow Runner::run_set(std::size_t index, const std::vector<Params>& sets) {
  const bool is_last_set = index + 1 == sets.size();
  std::optional<Params> wanted = cursor_.next ? cursor_.next : provider_.next(run_, nullptr);
  while (wanted) {
    cursor_.next = wanted;
    if (!guard_.asks_anew(fingerprint(*wanted))) {
      return list_stuck("a page that was read already is named as the next one");
    }
    Page page;
    if (const Flow flow = run_page(*wanted, sets[index], page); flow != Flow::go_on) {
      return flow;
    }
    std::optional<Params> following;
    if (page.reply) {
      following = provider_.next(run_, &*page.reply);
      if (const Flow flow = end_page(page, following, is_last_set); flow != Flow::go_on) {
        return flow;
      }
    } else {
      // Page numbers can be counted on without an answer; a cursor cannot, and ends the set.
      const Reply none{overlay(*wanted, sets[index]), {}, nullptr, {}};
      following = provider_.next(run_, &none);
      lose_count(cursor_);
    }
    // The cursor is moved on before the checkpoint: what it says is done is what is acknowledged.
    pass_page(cursor_, following, guard_.marks());
    if (!following && is_last_set) {
      return Flow::set_done;  // the last checkpoint comes with the end of the run
    }
    if (!following) {
      begin_set(index + 1, sets[index + 1]);
    }
    if (const Flow kept = holds_checkpoints() ? Flow::go_on : keep_place(); kept != Flow::go_on) {
      return kept;
    }
    wanted = following;
  }
  return Flow::set_done;
}

// What a reply that was read to its end says of its set. `following` is taken away where the set is
// done although pages can be counted on.
Runner::Flow Runner::end_page(const Page& page, std::optional<Params>& following,
                              bool is_last_set) {
  const Items& items = page.items;
  const std::string& status = spec_.answer.status;
  const ReadPage read{
      .items = static_cast<std::int64_t>(items.size()),
      .last_item = items.empty() ? std::string{} : hash_of(*items.back()),
      .announced = provider_.announced(*page.reply),
      .is_unexplained = !status.empty() && value_at(page.reply->body, status).is_null(),
      .is_of_last_set = is_last_set};
  const auto end = ends_.page_read(cursor_, read,
                                   {.paging = spec_.paging,
                                    .batch_limit = run_.batch_limit,
                                    .accepts_fewer = options_.accept_fewer,
                                    .is_partial = is_partial(),
                                    .now = parts_.clock.now()},
                                   following);
  switch (end.verdict) {
    case SetEnds::Verdict::goes_on:
      if (const auto why = guard_.end_page()) {
        return list_stuck(*why);
      }
      count_page(cursor_, read.items);
      return Flow::go_on;
    case SetEnds::Verdict::done:
      return Flow::go_on;
    case SetEnds::Verdict::accepted:
      log::warn("fewer_records_accepted", {{"provider", spec_.command}, {"reason", end.why}});
      return Flow::go_on;
    case SetEnds::Verdict::incomplete:
      skipped(end.why);
      return Flow::go_on;
    case SetEnds::Verdict::ask_again:
      if (const Flow kept = keep_place(); kept != Flow::go_on) {
        return kept;
      }
      return page_failed({Errc::malformed_payload, "", "announced", end.why}, page.reply->params);
    case SetEnds::Verdict::failed:
      return page_failed({Errc::malformed_payload, "", "answer", end.why}, page.reply->params);
  }
  FRESHET_CHECK(false && "every verdict is one of these");
  return Flow::failed;
}

Runner::Flow Runner::run_only() {
  // Position in the list stands in the place of the fixed set.
  const std::size_t first = is_resumed_ ? cursor_.set : 0;
  for (std::size_t index = first; index < options_.only_params.size(); ++index) {
    cursor_.set = index;
    Page page;
    if (const Flow flow = run_page(options_.only_params[index], {}, page); flow != Flow::go_on) {
      return flow;
    }
    cursor_.set = index + 1;
    cursor_.item = 0;
    cursor_.last_item.clear();
    if (const Flow kept = holds_checkpoints() ? Flow::go_on : keep_place(); kept != Flow::go_on) {
      return kept;
    }
  }
  return Flow::go_on;
}

// One list request and everything that its records need.
Runner::Flow Runner::run_page(const Params& wanted, const Params& fixed, Page& page) {
  if (parts_.stop.stop_requested()) {
    return Flow::stopped;
  }
  if (options_.max_pages && pages_ >= *options_.max_pages) {
    return Flow::limit;
  }
  if (is_overdue()) {
    return overdue();
  }
  const Params params = overlay(overlay(wanted, fixed), options_.additional_params);
  auto reply = provider_.fetch_page(fetch_, params);
  // How lists are answered says nothing of requests for records.
  count_spent(fetch_.take_spent());
  ++pages_;
  count("pages");
  if (!reply) {
    return page_failed(reply.error(), params);
  }
  failed_pages_in_a_row_ = 0;
  if (reply->begins_anew) {
    enter_set(cursor_, cursor_.set, fixed);
    guard_.start_set((++begun_anew_ << 32U) + cursor_.set);  // what was seen before may come again
  }
  page.reply.emplace(std::move(*reply));
  page.items = provider_.items(*page.reply);
  return run_items(page);
}

Runner::Flow Runner::run_items(const Page& page) {
  const Items& items = page.items;
  std::size_t first = 0;
  if (cursor_.item > 0) {
    const auto done = static_cast<std::size_t>(cursor_.item);
    if (done <= items.size() && hash_of(*items[done - 1]) == cursor_.last_item) {
      first = done;
    } else {
      cursor_.item = 0;
    }
  }
  const PageExpander::Page expanding{expander_, items, first};
  Flow flow = Flow::go_on;
  for (std::size_t i = first; i < items.size() && flow == Flow::go_on; ++i) {
    flow = run_item(page, i);
    if (flow == Flow::go_on) {
      flow = after_item(static_cast<std::int64_t>(i) + 1, items);
    }
  }
  if (flow != Flow::go_on && parts_.give_up) {
    parts_.give_up();  // the run ends: nobody needs what is still asked for
  }
  return flow;
}

Runner::Flow Runner::run_item(const Page& page, std::size_t index) {
  const json::value& item = *page.items[index];
  Expanded expanded = expander_.take();
  count_spent(expanded.spent);
  const Emit& emit = expanded.emit;
  if (parts_.stop.stop_requested() && !emit.rejections().empty()) {
    return Flow::stopped;  // its requests were given up because of the stop
  }
  const Streak::Step step =
      streak_.next(expanded.spent.answers, !emit.drafts().empty() || !emit.removals().empty());
  cursor_.has_details = streak_.has_details();
  if (step.has_begun) {
    streak_start_ = cursor_;
    streak_start_.item = static_cast<std::int64_t>(index);
    streak_start_.last_item = index > 0 ? hash_of(*page.items[index - 1]) : std::string{};
  }
  if (step.releases) {
    if (const Flow flow = take_held_back(); flow != Flow::go_on) {
      return flow;
    }
  }
  const ListedItem from{item, page.reply->url, static_cast<std::int64_t>(index) + 1};
  if (step.is_held) {
    held_back_.push_back({std::move(expanded.emit), item, from.url, from.number});
  } else if (const Flow flow = take(emit, from); flow != Flow::go_on) {
    return flow;
  }
  return judge_streak(step);
}

Runner::Flow Runner::judge_streak(const Streak::Step& step) {
  if (!step.away.empty()) {
    return source_away(step.away);
  }
  if (!step.passed_over.empty()) {
    skipped(step.passed_over);
  }
  return Flow::go_on;
}

Runner::Flow Runner::after_item(std::int64_t done, const Items& items) {
  report_progress();
  if (delivery_.is_at_limit()) {
    return Flow::limit;
  }
  const bool is_due = requests_ - requests_at_checkpoint_ >= kRequestsPerCheckpoint ||
                      delivery_.emitted() - emitted_at_checkpoint_ >= kRecordsPerCheckpoint;
  const bool is_overdue_now = is_overdue();
  const bool is_stopping = parts_.stop.stop_requested() || is_overdue_now;
  const bool is_last = done == static_cast<std::int64_t>(items.size());
  if (!is_last && !holds_checkpoints() && (is_due || is_stopping)) {
    cursor_.item = done;
    cursor_.last_item = hash_of(*items[static_cast<std::size_t>(done) - 1]);
    if (const Flow flow = keep_place(); flow != Flow::go_on) {
      return flow;
    }
  }
  if (is_last || !is_stopping) {
    return Flow::go_on;
  }
  return is_overdue_now ? overdue() : Flow::stopped;
}

Runner::Flow Runner::overdue() {
  state_.error =
      fmt::format("the run took longer than {} min; the next one goes on where it ended",
                  std::chrono::duration_cast<std::chrono::minutes>(*options_.time_limit).count());
  return Flow::failed;
}

Runner::Flow Runner::take(const Emit& emit, const ListedItem& from) {
  if (const auto taken = delivery_.take(emit, from, guard_); !taken) {
    return delivery_failed(taken.error());
  }
  return Flow::go_on;
}

// The source answers again, or the run is at its end: what it refused in between is put aside.
Runner::Flow Runner::take_held_back() {
  for (const HeldBack& one : std::exchange(held_back_, {})) {
    if (const Flow flow = take(one.emit, {one.item, one.url, one.number}); flow != Flow::go_on) {
      return flow;
    }
  }
  return Flow::go_on;
}

Runner::Flow Runner::page_failed(const Error& error, const Params& params) {
  if (parts_.stop.stop_requested()) {
    return Flow::stopped;
  }
  const std::string text = with_params(error.message(), params);
  if (!is_skipped(error) || ++failed_pages_in_a_row_ >= kMaxFailedPagesInARow) {
    state_.error = text;
    return Flow::failed;
  }
  skipped(text);
  return Flow::go_on;
}

// The run goes on without it, and is not complete.
void Runner::skipped(const std::string& text) {
  log::warn("page_skipped", {{"provider", spec_.command}, {"reason", text}});
  skipped_errors_.push_back(text);
  count("skipped");
}

bool Runner::is_skipped(const Error& error) const {
  const std::string text =
      lower_ascii(std::string{to_string(error.errc())} + ": " + error.message());
  return options_.skip_errors ||
         std::any_of(options_.skipped_texts.begin(), options_.skipped_texts.end(),
                     [&](const std::string& one) { return text.find(one) != std::string::npos; });
}

bool Runner::is_overdue() const {
  return options_.time_limit && parts_.clock.now() - began_at_ >= *options_.time_limit;
}

// Not skipped: it would never end.
Runner::Flow Runner::list_stuck(const std::string& why) {
  state_.error = with_params("the list does not move on: " + why, cursor_.next.value_or(Params{})) +
                 "; --restart reads it from its start";
  return Flow::failed;
}

// The run ends where the refusals began, so that what was refused is asked for again.
Runner::Flow Runner::source_away(const std::string& why) {
  if (parts_.stop.stop_requested()) {
    return Flow::stopped;
  }
  cursor_ = streak_start_;
  held_back_.clear();
  if (const Flow kept = checkpoint(); kept != Flow::go_on) {
    return kept;
  }
  state_.error = why;
  return Flow::failed;
}

bool Runner::holds_checkpoints() const {
  return streak_.holds_checkpoints(requests_ - requests_at_checkpoint_,
                                   delivery_.emitted() - emitted_at_checkpoint_);
}

// A checkpoint at the cursor. What was held back lies before it, so it is put aside.
Runner::Flow Runner::keep_place() {
  if (const Flow flow = take_held_back(); flow != Flow::go_on) {
    return flow;
  }
  streak_start_ = cursor_;
  return checkpoint();
}

Runner::Flow Runner::checkpoint() {
  cursor_.last_fetched_at = times_.last();
  cursor_.is_partial = is_partial();
  RunState state = state_;
  state.counts = counts_.all();
  state.cursor = cursor_;
  state.updated_at = parts_.clock.now();
  if (const auto kept = parts_.output.checkpoint(state, counts_.unsaved()); !kept) {
    return delivery_failed(kept.error());
  }
  state_ = std::move(state);
  counts_.saved();
  requests_at_checkpoint_ = requests_;
  emitted_at_checkpoint_ = delivery_.emitted();
  return Flow::go_on;
}

Runner::Flow Runner::delivery_failed(const Error& error) {
  state_.error = "delivery failed: " + error.message();
  has_lost_ = true;
  return Flow::failed;
}

// Something that the source holds was not looked at, in this process or before it was resumed.
bool Runner::is_partial() const {
  return cursor_.is_partial || !run_.left_out.empty() || !skipped_errors_.empty();
}

bool Runner::is_full_run() const {
  return !run_.nothing_new && !run_.date && !run_.slice && !options_.initial_params &&
         options_.only_params.empty() && options_.additional_params.empty() && !is_partial();
}

Runner::Flow Runner::send_run_finished() {
  for (const auto& [media_type, provider] : spec_.providers) {
    const std::string value =
        write_finished_run(media_type, provider, run_.started_at, counts_.all().sum("rejected"),
                           times_.next(), state_.run_id);
    if (const auto sent = parts_.output.run_finished(media_type, provider, value); !sent) {
      return delivery_failed(sent.error());
    }
  }
  is_complete_ = true;
  keep_full_run(state_.full_runs, {state_.run_id, parts_.clock.now(), counts_.all().at("listed"),
                                   counts_.all().at("emitted")});
  return Flow::go_on;
}

Runner::Flow Runner::judge_run() {
  const RunEnd end = ends_.end_of_run(cursor_, state_.is_first, parts_.clock.now());
  const auto why = too_few(counts_.all(), state_.full_runs, end);
  if (!why) {
    return Flow::go_on;
  }
  if (options_.accept_fewer) {
    log::warn("fewer_records_accepted", {{"provider", spec_.command}, {"reason", *why}});
    state_.full_runs.clear();  // what comes is measured by this run
    return Flow::go_on;
  }
  state_.error = "the run is not complete: " + *why +
                 "; --accept-fewer says that the source really has no more";
  state_.cursor = ends_.place_of_doubt(!state_.full_runs.empty(), request_arguments(options_));
  return Flow::failed;
}

void Runner::finish(Flow flow, bool is_read) {
  if ((flow == Flow::stopped || flow == Flow::failed) && streak_.goes_on()) {
    cursor_ = streak_start_;  // what is held back is asked for again
    held_back_.clear();
  }
  for (const std::string& reason : run_.left_out) {
    log::warn("records_left_out", {{"provider", spec_.command}, {"reason", reason}});
  }
  // Sightings first, acknowledged; then the end of the run, so that nobody sees it before them.
  if (flow != Flow::failed) {
    flow = checkpoint() == Flow::failed ? Flow::failed : flow;
  }
  const std::vector<Finding> findings = is_read ? watch_run() : std::vector<Finding>{};
  if (flow == Flow::go_on && is_full_run()) {
    is_doubted_ = !findings.empty();
    flow = is_doubted_ ? flow : send_run_finished();
  }
  end_state(flow);
  note_end(flow);
  std::for_each(findings.begin(), findings.end(), [this](const Finding& one) { raise(one); });
  // After a delivery failure this is an attempt: without it the state still says `running`, and the
  // cursor in it is the same.
  if (const auto kept =
          parts_.output.checkpoint(state_, has_lost_ ? TotalsByProvider{} : counts_.unsaved());
      !kept && !has_lost_) {
    static_cast<void>(delivery_failed(kept.error()));
    end_state(Flow::failed);
  }
  const Totals& counts = counts_.all();
  log::info("run_ended", {{"provider", spec_.command},
                          {"run_id", state_.run_id},
                          {"outcome", to_string(state_.outcome)},
                          {"pages", counts.at("pages")},
                          {"requests", counts.at("requests")},
                          {"listed", counts.at("listed")},
                          {"emitted", counts.at("emitted")},
                          {"dropped", counts.sum("dropped")},
                          {"rejected", counts.sum("rejected")},
                          {"mended", counts.at("mended")},
                          {"run_finished_sent", is_complete_}});
}

// What is out of the ordinary about a run that came to its end.
std::vector<Finding> Runner::watch_run() {
  std::vector<PastRun>& recent = state_.history.recent;
  PastRun run = past_run(state_.run_id, state_.kind, parts_.clock.now(), counts_.all());
  std::vector<Finding> findings;
  if (options_.accept_fewer) {
    forget_past_runs(recent, run.kind);  // what comes is measured by this run
  } else {
    findings = watch(run, recent);
  }
  if (run.kind != RunKind::other) {
    keep_past_run(recent, std::move(run));
  }
  return findings;
}

void Runner::note_end(Flow flow) {
  const RunEnding ending = flow == Flow::failed    ? RunEnding::failed
                           : flow == Flow::stopped ? RunEnding::stopped
                           : flow == Flow::limit   ? RunEnding::cut
                                                   : RunEnding::read;
  const auto day = run_.date ? parse_day(*run_.date) : std::nullopt;
  note_run(state_.history, state_.kind, day, options_.again, state_.started_at, parts_.clock.now(),
           ending);
  const Setback* setback = state_.history.setback(day);
  const bool is_counted = state_.kind != RunKind::other && !options_.again;
  if (ending == RunEnding::failed && is_counted && setback != nullptr &&
      is_told(setback->attempts)) {
    raise({"failing", "", setback->attempts, std::nullopt,
           fmt::format("failed {} times in a row: {}", setback->attempts, state_.error)});
  }
}

void Runner::raise(const Finding& finding) {
  Alert alert;
  alert.step = "produce." + spec_.providers.front().second;
  alert.subject = spec_.command;
  alert.kind = finding.kind;
  alert.message = finding.message;
  alert.at = parts_.clock.now();
  alert.run_id = state_.run_id;
  alert.reason = finding.reason;
  alert.found = finding.found;
  alert.usual = finding.usual;
  log::warn("alert_raised", {{"provider", spec_.command},
                             {"kind", alert.kind},
                             {"text", alert.message},
                             {"run_id", alert.run_id}});
  if (const auto sent = parts_.output.alert(alert); !sent) {
    log::warn("alert_not_sent", {{"provider", spec_.command}, {"text", sent.error().message()}});
  }
  if (parts_.on_alert) {
    parts_.on_alert(alert);
  }
}

// Outcome and cursor. A failed run keeps the cursor of its last checkpoint, or starts at the page
// at which it failed when there was none.
void Runner::end_state(Flow flow) {
  state_.counts = counts_.all();
  state_.updated_at = parts_.clock.now();
  state_.finished_at = state_.updated_at;
  switch (flow) {
    case Flow::failed:
      state_.outcome = RunOutcome::failed;
      if (!state_.cursor && !has_lost_) {
        state_.cursor = cursor_;
      }
      return;
    case Flow::stopped:
      state_.outcome = RunOutcome::stopped;
      return;
    case Flow::go_on:
    case Flow::set_done:
    case Flow::limit:
      state_.outcome = RunOutcome::finished;
      state_.cursor.reset();
      break;
  }
  if (is_doubted_) {
    state_.error =
        "the run removes nothing, because something is out of the ordinary; "
        "--accept-fewer says that the source is like this now";
  }
  if (!skipped_errors_.empty()) {
    state_.error = fmt::format("{} batches were skipped, the first: {}", skipped_errors_.size(),
                               skipped_errors_.front());
  }
}

void Runner::count_spent(const Fetch::Spent& spent) {
  requests_ += spent.requests;
  count("requests", spent.requests);
  count("mended", spent.mended);
}

void Runner::report_progress() const {
  if (parts_.on_progress) {
    parts_.on_progress(counts_.all(), static_cast<int>(skipped_errors_.size()));
  }
}

}  // namespace

int RunReport::exit_code() const {
  return state.outcome == RunOutcome::finished && skipped_errors.empty() && !is_doubted
             ? ExitCode::done
             : ExitCode::failed;
}

RunReport run_provider(Provider& provider, const RunOptions& options, RunnerParts parts) {
  StartedRun started = start_run(provider.spec(), options, parts.output, parts.clock);
  return Runner{provider, options, std::move(parts), std::move(started)}.run();
}

}  // namespace freshet
