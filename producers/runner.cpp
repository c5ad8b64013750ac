#include "producers/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/http/url.hpp"
#include "core/log.hpp"

namespace freshet {
namespace {

/// So many requests in a row that failed for reasons that may pass mean that the source is away:
/// going on would only put every record of it aside.
constexpr int kMaxFailuresInARow = 10;

/// A page whose records take a request each is acknowledged in parts, so that an interrupted run
/// does not repeat hours of requests (the Met's list is one page of half a million works).
constexpr std::int64_t kRequestsPerCheckpoint = 50;
constexpr std::int64_t kRecordsPerCheckpoint = 5'000;

std::string hash_of(const json::value& item) { return to_hex(xxh3(to_json(item))); }

std::string make_run_id(const std::string& command, UtcTime started_at) {
  std::random_device random;
  std::string time = format_millis(started_at).substr(0, 19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}-{}-{:08x}", command, time, random());
}

std::string identifier_of(const Draft& draft) {
  const json::value* id = draft.fields.if_contains("foreign_identifier");
  if (id == nullptr || id->is_null()) {
    return {};
  }
  return id->is_string() ? std::string{id->get_string()} : to_json(*id);
}

class Runner {
 public:
  Runner(Provider& provider, const RunOptions& options, RunnerParts parts)
      : provider_{provider},
        spec_{provider.spec()},
        options_{options},
        parts_{std::move(parts)},
        fetch_{parts_.http, fetch_options(), parts_.sleep, parts_.http_clock},
        times_{parts_.clock} {}

  RunReport run();

 private:
  // Why the loops end before their time. `limit`: as asked for.
  enum class Flow { go_on, set_done, limit, stopped, failed };

  FetchOptions fetch_options() const;
  void start();
  bool resume(const RunState& last);
  json::object arguments() const;
  Flow run_sets();
  Flow run_set(std::size_t index, const std::vector<Params>& sets);
  Flow run_only();
  Flow run_page(const Params& wanted, const Params& fixed, std::optional<Params>& following);
  Flow run_items(const Reply& reply);
  Flow after_item(std::int64_t done, std::int64_t total, const json::value& item);
  Flow page_failed(const Error& error, const Params& params);
  Flow expand(const json::value& item, const Reply& reply, std::int64_t number);
  Flow deliver(const Draft& draft, const Reply& reply, std::int64_t number);
  Flow put_aside(Rejection rejection, const std::string& identifier);
  void count_drop(const std::string& provider, ProducerDrop reason, const std::string& identifier);
  Flow checkpoint();
  Flow delivery_failed(const Error& error);
  void finish(Flow flow);
  void end_state(Flow flow);
  Flow send_run_finished();
  bool is_partial() const;
  bool is_full_run() const;
  void count(const std::string& provider, std::string_view name, std::int64_t amount = 1);
  void count_requests();
  void report_progress() const;
  const std::string& first_provider() const { return spec_.providers.front().second; }

  Provider& provider_;
  const ProviderSpec& spec_;
  const RunOptions& options_;
  RunnerParts parts_;
  Fetch fetch_;
  GrowingTime times_;
  Run run_;
  RunReport report_;
  Cursor cursor_;
  bool is_resumed_ = false;
  TotalsByProvider unsaved_;
  std::int64_t pages_ = 0;    // of this process, for --max-pages
  std::int64_t emitted_ = 0;  // of this process, for --limit
  std::int64_t counted_requests_ = 0;
  std::int64_t requests_at_checkpoint_ = 0;
  std::int64_t emitted_at_checkpoint_ = 0;
  int failed_pages_in_a_row_ = 0;
  bool has_lost_ = false;  // a delivery failed: nothing after the last checkpoint counts
};

FetchOptions Runner::fetch_options() const {
  FetchOptions options;
  options.headers = spec_.headers;
  options.credential = spec_.credential;
  options.key = parts_.key;
  options.credential_host = http::host_of(spec_.endpoint).value_or("");
  options.timeout = spec_.timeout;
  options.patience.retries = spec_.retries;
  options.patience.min_interval = spec_.delay;
  options.is_answer = [this](const json::value& body) { return provider_.is_answer(body); };
  return options;
}

// What decides which requests are made: a cursor is of use only to a run with the same.
json::object Runner::arguments() const {
  json::object result;
  if (options_.initial_params) {
    result["initial_params"] = params_to_json(*options_.initial_params);
  }
  if (!options_.only_params.empty()) {
    json::array list;
    for (const Params& params : options_.only_params) {
      list.push_back(params_to_json(params));
    }
    result["only_params"] = std::move(list);
  }
  if (!options_.additional_params.empty()) {
    result["additional_params"] = params_to_json(options_.additional_params);
  }
  if (options_.slice) {
    result["slice"] =
        format_millis(options_.slice->first) + "/" + format_millis(options_.slice->second);
  }
  return result;
}

bool Runner::resume(const RunState& last) {
  if (options_.restart || last.outcome == RunOutcome::finished || !last.cursor) {
    return false;
  }
  if (last.date != run_.date || last.cursor->arguments != arguments()) {
    log::warn(
        "unfinished_run_left_behind",
        {{"provider", spec_.command}, {"run_id", last.run_id}, {"date", last.date.value_or("")}});
    return false;
  }
  report_.state = last;
  report_.state.outcome = RunOutcome::running;
  report_.state.finished_at.reset();
  report_.state.error.clear();
  cursor_ = *last.cursor;
  run_.started_at = last.started_at;
  times_.continue_after(cursor_.last_fetched_at);
  return true;
}

void Runner::start() {
  run_.started_at = UtcTime::from_millis(parts_.clock.now().millis());
  run_.batch_limit = spec_.batch_limit;
  run_.slice = options_.slice;
  run_.date = options_.date;
  if (run_.date && !parse_date(*run_.date)) {
    throw StartupError{"--date " + *run_.date + " is not YYYY-MM-DD"};
  }
  if (run_.date && spec_.dated == Dated::no) {
    // Schedules give every run its date; a provider that cannot be read by one is read whole.
    log::info("date_not_used", {{"provider", spec_.command}});
    run_.date.reset();
  }
  if (!run_.date && spec_.dated == Dated::yes) {
    run_.date = format_date(run_.started_at - std::chrono::hours{24});
  }
  if (run_.slice && !spec_.takes_slice) {
    throw StartupError{spec_.command + " is not read by slices of time"};
  }
  report_.state.command = spec_.command;
  report_.state.run_id = make_run_id(spec_.command, run_.started_at);
  report_.state.date = run_.date;
  report_.state.started_at = run_.started_at;
  const auto last = parts_.output.last_state(spec_.command);
  if (!last) {
    throw WorkFailed{"the last run's state cannot be read: " + last.error().message()};
  }
  is_resumed_ = *last && resume(**last);
  cursor_.arguments = arguments();
  // Said before the first page, which may take long: `--status` must not show the run before.
  report_.state.updated_at = parts_.clock.now();
  if (const auto kept = parts_.output.checkpoint(report_.state, {}); !kept) {
    throw WorkFailed{"the run's state cannot be kept: " + kept.error().message()};
  }
  log::info("run_started", {{"provider", spec_.command},
                            {"run_id", report_.state.run_id},
                            {"date", run_.date.value_or("")},
                            {"resumed", is_resumed_}});
}

RunReport Runner::run() {
  start();
  finish(options_.only_params.empty() ? run_sets() : run_only());
  return std::move(report_);
}

Runner::Flow Runner::run_sets() {
  auto sets = provider_.fixed_sets(run_, fetch_);
  if (!sets) {
    return page_failed(sets.error(), {});
  }
  std::size_t first = 0;
  if (is_resumed_) {
    // The list may have changed (a new year, other counts): the set itself is what counts.
    const bool is_same = cursor_.set < sets->size() && (*sets)[cursor_.set] == cursor_.fixed;
    const auto found = std::find(sets->begin(), sets->end(), cursor_.fixed);
    if (is_same) {
      first = cursor_.set;
    } else if (found != sets->end()) {
      first = static_cast<std::size_t>(found - sets->begin());
    } else {
      cursor_.next.reset();
      cursor_.item = 0;
    }
  } else if (options_.initial_params) {
    const auto found = std::find_if(sets->begin(), sets->end(), [&](const Params& fixed) {
      return contains(*options_.initial_params, fixed);
    });
    first = found == sets->end() ? 0 : static_cast<std::size_t>(found - sets->begin());
    cursor_.next = options_.initial_params;
  }
  for (std::size_t index = first; index < sets->size(); ++index) {
    const Flow flow = run_set(index, *sets);
    if (flow != Flow::set_done) {
      return flow;
    }
    cursor_.next.reset();
  }
  return Flow::go_on;
}

Runner::Flow Runner::run_set(std::size_t index, const std::vector<Params>& sets) {
  cursor_.set = index;
  cursor_.fixed = sets[index];
  std::optional<Params> wanted = cursor_.next ? cursor_.next : provider_.next(run_, nullptr);
  while (wanted) {
    cursor_.next = wanted;
    std::optional<Params> following;
    const Flow flow = run_page(*wanted, sets[index], following);
    if (flow != Flow::go_on) {
      return flow;
    }
    // The cursor is moved on before the checkpoint: what it says is done is what is acknowledged.
    cursor_.item = 0;
    cursor_.last_item.clear();
    cursor_.next = following;
    if (!following && index + 1 < sets.size()) {
      cursor_.set = index + 1;
      cursor_.fixed = sets[index + 1];
    }
    if (!following && index + 1 == sets.size()) {
      return Flow::set_done;  // the last checkpoint comes with the end of the run
    }
    if (const Flow kept = checkpoint(); kept != Flow::go_on) {
      return kept;
    }
    wanted = following;
  }
  return Flow::set_done;
}

Runner::Flow Runner::run_only() {
  // Position in the list stands in the place of the fixed set.
  const std::size_t first = is_resumed_ ? cursor_.set : 0;
  for (std::size_t index = first; index < options_.only_params.size(); ++index) {
    cursor_.set = index;
    std::optional<Params> following;
    const Flow flow = run_page(options_.only_params[index], {}, following);
    if (flow != Flow::go_on && flow != Flow::set_done) {
      return flow;
    }
    cursor_.set = index + 1;
    cursor_.item = 0;
    cursor_.last_item.clear();
    if (const Flow kept = checkpoint(); kept != Flow::go_on) {
      return kept;
    }
  }
  return Flow::go_on;
}

// One list request and everything that follows from it. `following`: parameters of the next.
Runner::Flow Runner::run_page(const Params& wanted, const Params& fixed,
                              std::optional<Params>& following) {
  if (parts_.stop.stop_requested()) {
    return Flow::stopped;
  }
  if (options_.max_pages && pages_ >= *options_.max_pages) {
    return Flow::limit;
  }
  const Params params = overlay(overlay(wanted, fixed), options_.additional_params);
  auto reply = provider_.fetch_page(fetch_, params);
  count_requests();
  ++pages_;
  count(first_provider(), "pages");
  if (!reply) {
    const Flow flow = page_failed(reply.error(), params);
    if (flow != Flow::go_on) {
      return flow;
    }
    // Page numbers can be counted on without an answer; a cursor cannot, and ends the set.
    const Reply none{params, {}, nullptr, {}};
    following = provider_.next(run_, &none);
    return Flow::go_on;
  }
  failed_pages_in_a_row_ = 0;
  const Flow flow = run_items(*reply);
  if (flow != Flow::go_on && flow != Flow::set_done) {
    return flow;
  }
  if (flow == Flow::go_on) {
    following = provider_.next(run_, &*reply);
  }
  return Flow::go_on;
}

Runner::Flow Runner::run_items(const Reply& reply) {
  const auto items = provider_.items(reply);
  if (items.empty()) {
    return Flow::set_done;
  }
  std::size_t first = 0;
  if (cursor_.item > 0) {
    const auto done = static_cast<std::size_t>(cursor_.item);
    if (done <= items.size() && hash_of(*items[done - 1]) == cursor_.last_item) {
      first = done;
    } else {
      cursor_.item = 0;
    }
  }
  for (std::size_t i = first; i < items.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i) + 1;
    if (const Flow flow = expand(*items[i], reply, number); flow != Flow::go_on) {
      return flow;
    }
    const Flow flow = after_item(number, static_cast<std::int64_t>(items.size()), *items[i]);
    if (flow != Flow::go_on) {
      return flow;
    }
  }
  return Flow::go_on;
}

Runner::Flow Runner::after_item(std::int64_t done, std::int64_t total, const json::value& item) {
  count_requests();
  report_progress();
  if (options_.limit && emitted_ >= *options_.limit) {
    return Flow::limit;
  }
  if (fetch_.failures_in_a_row() >= kMaxFailuresInARow) {
    return page_failed(Error{Errc::unreachable, Retry::after_backoff,
                             fmt::format("{} requests in a row failed", kMaxFailuresInARow)},
                       cursor_.next.value_or(Params{}));
  }
  const bool is_due = fetch_.requests() - requests_at_checkpoint_ >= kRequestsPerCheckpoint ||
                      emitted_ - emitted_at_checkpoint_ >= kRecordsPerCheckpoint;
  const bool is_stopping = parts_.stop.stop_requested();
  if (done < total && (is_due || is_stopping)) {
    cursor_.item = done;
    cursor_.last_item = hash_of(item);
    if (const Flow flow = checkpoint(); flow != Flow::go_on) {
      return flow;
    }
  }
  return is_stopping && done < total ? Flow::stopped : Flow::go_on;
}

Runner::Flow Runner::page_failed(const Error& error, const Params& params) {
  if (parts_.stop.stop_requested()) {
    return Flow::stopped;
  }
  const std::string text =
      error.message() + " (parameters " + to_json(params_to_json(params)) + ")";
  if (!options_.skip_errors || ++failed_pages_in_a_row_ >= kMaxFailuresInARow ||
      fetch_.failures_in_a_row() >= kMaxFailuresInARow) {
    report_.state.error = text;
    return Flow::failed;
  }
  log::warn("page_skipped", {{"provider", spec_.command}, {"reason", text}});
  report_.skipped_errors.push_back(text);
  return Flow::go_on;
}

Runner::Flow Runner::expand(const json::value& item, const Reply& reply, std::int64_t number) {
  Emit emit;
  try {
    provider_.expand(item, fetch_, emit);
  } catch (const std::exception& fault) {
    // All or nothing: half of a raw record would hide that the other half is missing.
    emit = Emit{};
    emit.reject(Error{Errc::malformed_payload, "", "shape", fault.what()});
  }
  if (parts_.stop.stop_requested() && !emit.rejections().empty()) {
    return Flow::stopped;  // its requests were given up because of the stop
  }
  for (const Draft& draft : emit.drafts()) {
    if (options_.limit && emitted_ >= *options_.limit) {
      return Flow::limit;
    }
    if (const Flow flow = deliver(draft, reply, number); flow != Flow::go_on) {
      return flow;
    }
  }
  for (const ProducerDrop reason : emit.drops()) {
    count(first_provider(), "listed");
    count_drop(first_provider(), reason, "");
  }
  for (const Error& error : emit.rejections()) {
    count(first_provider(), "listed");
    const Flow flow =
        put_aside({first_provider(), error, std::nullopt, to_json(item), reply.url, number}, "");
    if (flow != Flow::go_on) {
      return flow;
    }
  }
  return Flow::go_on;
}

Runner::Flow Runner::deliver(const Draft& draft, const Reply& reply, std::int64_t number) {
  const std::string provider{spec_.provider_key(draft.media_type)};
  count(provider, "listed");
  const Judged judged = judge(spec_, draft);
  if (const auto* reason = std::get_if<ProducerDrop>(&judged)) {
    count_drop(provider, *reason, identifier_of(draft));
    return Flow::go_on;
  }
  if (const auto* error = std::get_if<Error>(&judged)) {
    return put_aside({provider, *error, std::nullopt, to_json(draft.fields), reply.url, number},
                     identifier_of(draft));
  }
  const auto& sighting = std::get<Sighting>(judged);
  const std::string value = sighting_value(sighting.work, times_.next(), report_.state.run_id);
  if (!fits_raw_topic(sighting.key, value)) {
    return put_aside({provider,
                      Error{Errc::too_large, "", "raw_1_mib",
                            fmt::format("a sighting of {} bytes", value.size())},
                      sighting.key, value, reply.url, number},
                     identifier_of(draft));
  }
  if (const auto written = parts_.output.sighting(sighting, value); !written) {
    return delivery_failed(written.error());
  }
  ++emitted_;
  count(provider, "emitted");
  return Flow::go_on;
}

Runner::Flow Runner::put_aside(Rejection rejection, const std::string& identifier) {
  const std::string reason{to_string(rejection.error.errc())};
  count(rejection.provider, "rejected." + reason);
  if (parts_.on_refusal) {
    parts_.on_refusal(
        {identifier, "rejected", reason, rejection.error.field(), rejection.error.rule()});
  }
  log::debug("raw_record_rejected", {{"provider", rejection.provider},
                                     {"reason", reason},
                                     {"detail", rejection.error.message()}});
  if (const auto written = parts_.output.rejection(rejection); !written) {
    return delivery_failed(written.error());
  }
  return Flow::go_on;
}

void Runner::count_drop(const std::string& provider, ProducerDrop reason,
                        const std::string& identifier) {
  const std::string name{to_string(reason)};
  count(provider, "dropped." + name);
  if (parts_.on_refusal) {
    parts_.on_refusal({identifier, "dropped", name, "", ""});
  }
}

Runner::Flow Runner::checkpoint() {
  count_requests();
  cursor_.last_fetched_at = times_.last();
  cursor_.is_partial = is_partial();
  RunState state = report_.state;
  state.cursor = cursor_;
  state.updated_at = parts_.clock.now();
  if (const auto kept = parts_.output.checkpoint(state, unsaved_); !kept) {
    return delivery_failed(kept.error());
  }
  report_.state = std::move(state);
  unsaved_.clear();
  requests_at_checkpoint_ = fetch_.requests();
  emitted_at_checkpoint_ = emitted_;
  return Flow::go_on;
}

Runner::Flow Runner::delivery_failed(const Error& error) {
  report_.state.error = "delivery failed: " + error.message();
  has_lost_ = true;
  return Flow::failed;
}

// Something that the source holds was not looked at, in this process or before it was resumed.
bool Runner::is_partial() const {
  return cursor_.is_partial || !run_.left_out.empty() || !report_.skipped_errors.empty();
}

bool Runner::is_full_run() const {
  return !run_.date && !run_.slice && !options_.initial_params && options_.only_params.empty() &&
         options_.additional_params.empty() && !is_partial();
}

Runner::Flow Runner::send_run_finished() {
  for (const auto& [media_type, provider] : spec_.providers) {
    const std::string value = run_finished_value(media_type, provider, run_.started_at,
                                                 report_.state.counts.sum("rejected"),
                                                 times_.next(), report_.state.run_id);
    if (const auto sent = parts_.output.run_finished(media_type, provider, value); !sent) {
      return delivery_failed(sent.error());
    }
  }
  report_.is_complete = true;
  return Flow::go_on;
}

void Runner::finish(Flow flow) {
  for (const std::string& reason : run_.left_out) {
    log::warn("records_left_out", {{"provider", spec_.command}, {"reason", reason}});
  }
  // Sightings first, acknowledged; then the end of the run, so that nobody sees it before them.
  if (flow != Flow::failed) {
    flow = checkpoint() == Flow::failed ? Flow::failed : flow;
  }
  if (flow == Flow::go_on && is_full_run()) {
    flow = send_run_finished();
  }
  end_state(flow);
  // After a delivery failure this is an attempt: without it the state still says `running`, and the
  // cursor in it is the same.
  if (const auto kept =
          parts_.output.checkpoint(report_.state, has_lost_ ? TotalsByProvider{} : unsaved_);
      !kept && !has_lost_) {
    static_cast<void>(delivery_failed(kept.error()));
    end_state(Flow::failed);
  }
  const RunState& state = report_.state;
  log::info("run_ended", {{"provider", spec_.command},
                          {"run_id", state.run_id},
                          {"outcome", to_string(state.outcome)},
                          {"pages", state.counts.at("pages")},
                          {"listed", state.counts.at("listed")},
                          {"emitted", state.counts.at("emitted")},
                          {"dropped", state.counts.sum("dropped")},
                          {"rejected", state.counts.sum("rejected")},
                          {"run_finished_sent", report_.is_complete}});
}

// Outcome and cursor. A failed run keeps the cursor of its last checkpoint, or starts at the page
// at which it failed when there was none.
void Runner::end_state(Flow flow) {
  RunState& state = report_.state;
  state.updated_at = parts_.clock.now();
  state.finished_at = state.updated_at;
  switch (flow) {
    case Flow::failed:
      state.outcome = RunOutcome::failed;
      if (!state.cursor && !has_lost_) {
        state.cursor = cursor_;
      }
      return;
    case Flow::stopped:
      state.outcome = RunOutcome::stopped;
      return;
    case Flow::go_on:
    case Flow::set_done:
    case Flow::limit:
      state.outcome = RunOutcome::finished;
      state.cursor.reset();
      break;
  }
  if (!report_.skipped_errors.empty()) {
    state.error = fmt::format("{} batches were skipped, the first: {}",
                              report_.skipped_errors.size(), report_.skipped_errors.front());
  }
}

void Runner::count(const std::string& provider, std::string_view name, std::int64_t amount) {
  unsaved_[provider].add(name, amount);
  report_.state.counts.add(name, amount);
}

void Runner::count_requests() {
  const std::int64_t made = fetch_.requests() - counted_requests_;
  if (made > 0) {
    count(first_provider(), "requests", made);
    counted_requests_ += made;
  }
}

void Runner::report_progress() const {
  if (parts_.on_progress) {
    parts_.on_progress(report_.state.counts, static_cast<int>(report_.skipped_errors.size()));
  }
}

}  // namespace

int RunReport::exit_code() const {
  return state.outcome == RunOutcome::finished && skipped_errors.empty() ? ExitCode::done
                                                                         : ExitCode::failed;
}

RunReport run_provider(Provider& provider, const RunOptions& options, RunnerParts parts) {
  return Runner{provider, options, std::move(parts)}.run();
}

}  // namespace freshet
