// `dead-letter redrive` and `dead-letter discard`.
#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>

#include "core/check.hpp"
#include "core/decision.hpp"
#include "core/json.hpp"
#include "core/key.hpp"
#include "core/output.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"
#include "operate/dead_letter_filter.hpp"
#include "operate/dead_letter_log.hpp"
#include "operate/policy.hpp"
#include "operate/redrive.hpp"
#include "operate/redrive_commands.hpp"
#include "operate/reemit.hpp"
#include "operate/table.hpp"
#include "operate/text_or_null.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

// One transaction: bounded by what a broker takes in a few seconds.
constexpr std::size_t kBatchLetters = 500;
constexpr std::size_t kBatchBytes = 8U << 20U;

struct Flags {
  DeadLetterOptions options;
  PolicyAuthor author;
  std::string edit;
  bool dry_run = false;
  bool json = false;
  int per_second = 500;
  int wait_seconds = 30;
};

void check(const Flags& flags, const DeadLetterFilter& filter) {
  if (!filter.chooses() && !flags.options.all) {
    throw StartupError{
        "choose dead letters, by the numbers of column AT or by an option such as "
        "--reason; --all means every one"};
  }
  if (!flags.edit.empty() && !filter.offset) {
    throw StartupError{"--edit needs one dead letter, by the numbers of column AT"};
  }
  if (!flags.dry_run) {
    check_author(flags.author);
  }
}

std::string file_bytes(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    throw StartupError{"--edit " + path + " cannot be read"};
  }
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Writes what was done into the log, in the transaction of what is sent or alone.
class ActionWriter {
 public:
  ActionWriter(const Context& context, DeadLetterAction::Kind kind, const PolicyAuthor& author)
      : config_{context.config.kafka} {
    action_.action_id = new_decision_id();
    action_.kind = kind;
    action_.by = author.by;
    action_.why = author.why;
  }

  void write(kafka::Producer& producer, const std::vector<DeadLetterLine>& lines) {
    std::map<std::int32_t, std::vector<std::int64_t>> by_partition;
    for (const DeadLetterLine& line : lines) {
      by_partition[line.partition].push_back(line.offset);
    }
    for (auto& [partition, offsets] : by_partition) {
      action_.at = UtcTime::from_millis(SystemClock{}.now().millis());
      action_.partition = partition;
      action_.offsets = std::move(offsets);
      require(produce_dead_letter_action(producer, config_, action_));
      ++action_.part;
    }
  }

  const std::string& id() const { return action_.action_id; }

 private:
  const Config::Kafka& config_;
  DeadLetterAction action_;
};

void require_step(const kafka::Producer::Step& step, std::string_view what) {
  if (step.outcome == kafka::Producer::Outcome::fenced) {
    throw RefusedError{"another `dead-letter redrive` or `discard` runs: " + step.message};
  }
  if (step.outcome != kafka::Producer::Outcome::done) {
    throw WorkFailed{
        fmt::format("{}: {}; what is done is in `dead-letter list --all`, start it "
                    "again for the rest",
                    what, step.message)};
  }
}

/// Sends letters back and notes it, a batch in one transaction: a letter is sent if and only if the
/// log says so.
class Sender {
 public:
  Sender(const Context& context, DeadLetterAction::Kind kind, const Flags& flags)
      : context_{context}, flags_{flags}, writer_{context, kind, flags.author} {
    // One at a time over all machines: two would send the same letters.
    kafka::ProducerOptions options;
    options.transactional_id = context.config.kafka.prefixed("dead-letter.redrive");
    options.transaction_timeout = 60s;
    producer_ = std::make_unique<kafka::Producer>(context.config.kafka, options);
    require(producer_->init_transactions(30s));
    kafka::Consumer consumer{context.config.kafka, reader_options()};
    partitions_of(consumer, context.config.kafka.prefixed(topics::kDeadLetterActions));
    works_ = static_cast<std::int32_t>(
        partitions_of(consumer, context.config.kafka.prefixed(topics::kRaw)).size());
  }

  void discard(DeadLetterLine line) {
    noted_.push_back(std::move(line));
    finish_if_full();
  }
  void send(DeadLetterRecord letter, Redrive plan) {
    bytes_ += letter.value ? letter.value->size() : 0;
    noted_.push_back(letter.line);
    sent_.emplace_back(std::move(letter), std::move(plan));
    finish_if_full();
  }
  void reemit(DeadLetterLine line, std::string work_key) {
    asked_[std::move(work_key)].push_back(std::move(line));
    if (asked_.size() >= Reemitter::kBatch) {
      ask();
    }
  }
  void finish() {
    commit();
    ask();
  }
  std::int64_t done() const { return done_; }
  const std::string& id() const { return writer_.id(); }

 private:
  void finish_if_full() {
    if (noted_.size() >= kBatchLetters || bytes_ >= kBatchBytes) {
      commit();
    }
  }

  void commit() {
    if (noted_.empty()) {
      return;
    }
    require_step(producer_->begin_transaction(), "begin");
    for (const auto& [letter, plan] : sent_) {
      produce(letter, plan);
    }
    writer_.write(*producer_, noted_);
    require_step(producer_->commit_transaction(30s), "commit");
    done_ += static_cast<std::int64_t>(noted_.size());
    noted_.clear();
    sent_.clear();
    bytes_ = 0;
  }

  void produce(const DeadLetterRecord& letter, const Redrive& plan) {
    const std::string topic = context_.config.kafka.prefixed(plan.topic);
    kafka::Headers headers = letter.headers;
    if (letter.is_edited && plan.topic == topics::kRaw) {
      std::erase_if(headers, [](const auto& one) { return one.first == schema_header::kName; });
      headers.emplace_back(schema_header::kName, schema_header::kRaw);
    }
    headers.emplace_back(kRedrivenHeader, std::to_string(letter.line.redriven + 1));
    kafka::OutRecord record;
    record.topic = topic;
    record.headers = &headers;
    if (plan.has_key) {
      record.key = plan.key;
    }
    if (letter.value) {
      record.value = *letter.value;
    }
    record.partition = partition_of(letter, plan);
    require(producer_->produce(record));
  }

  kafka::Partition partition_of(const DeadLetterRecord& letter, const Redrive& plan) const {
    if (plan.topic == topics::kRaw && plan.has_key) {
      return kafka::Partition{partition_for_key(plan.key, works_)};
    }
    if (const auto decision = parse_decision_key(plan.key)) {
      return kafka::Partition{partition_for_key(decision->work_key, works_)};
    }
    const int origin = std::atoi(letter.line.origin_partition.c_str());
    return kafka::Partition{origin < works_ ? origin : 0};
  }

  void ask() {
    if (asked_.empty()) {
      return;
    }
    if (!reemitter_) {
      reemitter_ = std::make_unique<Reemitter>(
          context_, Reemitter::Options{flags_.author, flags_.per_second, flags_.wait_seconds});
    }
    std::vector<std::string> keys;
    for (const auto& [key, lines] : asked_) {
      keys.push_back(key);
    }
    reemitter_->write(keys);
    for (auto& [key, lines] : asked_) {
      for (DeadLetterLine& line : lines) {
        noted_.push_back(std::move(line));
      }
    }
    asked_.clear();
    commit();
  }

  const Context& context_;
  const Flags& flags_;
  ActionWriter writer_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<Reemitter> reemitter_;
  std::int32_t works_ = 0;
  std::vector<DeadLetterLine> noted_;
  std::vector<std::pair<DeadLetterRecord, Redrive>> sent_;
  std::size_t bytes_ = 0;
  std::map<std::string, std::vector<DeadLetterLine>> asked_;  ///< by work
  std::int64_t done_ = 0;
};

/// What became of the letters, for the result.
struct Report {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;  ///< by way and why
  json::array lines;                                                   ///< of a dry run
  Table table{{{"AT", Align::right}, {"KEY"}, {"TO"}, {"OUTCOME"}, {"WHY"}}};

  void add(const DeadLetterLine& line, const Redrive& plan, bool with_line) {
    const bool stays = plan.way == Redrive::Way::stay;
    ++counts[{std::string{to_string(plan.way)}, stays ? plan.why : ""}];
    if (!with_line) {
      return;
    }
    const std::string to = plan.way == Redrive::Way::send     ? plan.topic
                           : plan.way == Redrive::Way::reemit ? "reemit " + plan.key
                                                              : "(stays)";
    table.add({fmt::format("{} {}", line.partition, line.offset), line.key.value_or("(none)"), to,
               std::string{to_string(plan.outcome)}, plan.why});
    lines.push_back(json::object{{"partition", line.partition},
                                 {"offset", line.offset},
                                 {"key", line.key ? json::value(*line.key) : json::value{}},
                                 {"way", to_string(plan.way)},
                                 {"topic", text_or_null(plan.topic)},
                                 {"outcome", to_string(plan.outcome)},
                                 {"why", text_or_null(plan.why)}});
  }

  std::int64_t stayed() const {
    std::int64_t sum = 0;
    for (const auto& [place, count] : counts) {
      sum += place.first == "stay" ? count : 0;
    }
    return sum;
  }
};

void print(const Report& report, const Flags& flags, const Sender* sender) {
  if (flags.dry_run) {
    print_result(flags.json ? to_json(report.lines) + "\n" : report.table.text());
    return;
  }
  if (flags.json) {
    json::array stayed;
    for (const auto& [place, count] : report.counts) {
      if (place.first == "stay") {
        stayed.push_back(json::object{{"why", place.second}, {"letters", count}});
      }
    }
    print_result(to_json(json::object{{"action_id", sender->id()},
                                      {"done", sender->done()},
                                      {"stayed", report.stayed()},
                                      {"why_stayed", std::move(stayed)}}) +
                 "\n");
    return;
  }
  std::string text = fmt::format("{} dead letters were sent back\n", sender->done());
  for (const auto& [place, count] : report.counts) {
    if (place.first == "stay") {
      text += fmt::format("{} stay: {}\n", count, place.second);
    }
  }
  print_result(text);
}

int run_redrive(const Context& context, const Flags& flags, const Cleaning& cleaning) {
  const DeadLetterFilter filter = flags.options.read();
  check(flags, filter);
  const std::string mended = flags.edit.empty() ? std::string{} : file_bytes(flags.edit);
  const DeadLetterLog log = read_dead_letter_log(context);
  const auto sender =
      flags.dry_run ? nullptr
                    : std::make_unique<Sender>(context, DeadLetterAction::Kind::redrive, flags);
  Report report;
  bool is_any = false;
  scan_dead_letters(context, filter, log, [&](DeadLetterLine& line, const kafka::Message& message) {
    is_any = true;
    DeadLetterRecord letter = DeadLetterRecord::read(std::move(line), message);
    if (!flags.edit.empty()) {
      letter.value = mended;
      letter.is_edited = true;
    }
    Redrive plan = plan_redrive(letter, cleaning);
    report.add(letter.line, plan, flags.dry_run);
    if (letter.is_edited && !flags.dry_run && plan.outcome == Redrive::Outcome::dead_letter) {
      throw RefusedError{"the mended value would be put aside again: " + plan.why};
    }
    if (sender && plan.way == Redrive::Way::send) {
      sender->send(std::move(letter), std::move(plan));
    } else if (sender && plan.way == Redrive::Way::reemit) {
      sender->reemit(std::move(letter.line), plan.key);
    }
    return true;
  });
  if (filter.offset && !is_any) {
    throw WorkFailed{"no open dead letter is there"};
  }
  if (sender) {
    sender->finish();
  }
  if (context.stop.stop_requested()) {
    throw WorkFailed{"stopped; `dead-letter list --all` shows what was sent back"};
  }
  print(report, flags, sender.get());
  if (!flags.dry_run && filter.offset && report.stayed() > 0) {
    throw RefusedError{"the dead letter stays"};
  }
  return ExitCode::done;
}

int run_discard(const Context& context, const Flags& flags) {
  const DeadLetterFilter filter = flags.options.read();
  check(flags, filter);
  const DeadLetterLog log = read_dead_letter_log(context);
  const auto sender =
      flags.dry_run ? nullptr
                    : std::make_unique<Sender>(context, DeadLetterAction::Kind::discard, flags);
  std::int64_t count = 0;
  scan_dead_letters(context, filter, log, [&](DeadLetterLine& line, const kafka::Message&) {
    ++count;
    if (sender) {
      sender->discard(std::move(line));
    }
    return true;
  });
  if (filter.offset && count == 0) {
    throw WorkFailed{"no open dead letter is there"};
  }
  if (sender) {
    sender->finish();
  }
  if (context.stop.stop_requested()) {
    throw WorkFailed{"stopped; `dead-letter list --all` shows what was discarded"};
  }
  print_result(flags.json ? to_json(json::object{{"letters", count},
                                                 {"discarded", sender ? sender->done() : 0}}) +
                                "\n"
               : flags.dry_run ? fmt::format("{} dead letters would be discarded\n", count)
                               : fmt::format("{} dead letters were discarded\n", count));
  return ExitCode::done;
}

std::shared_ptr<Flags> add_command(CLI::App& command) {
  const auto flags = std::make_shared<Flags>();
  add_dead_letter_place(command, flags->options);
  add_dead_letter_options(command, flags->options);
  command.add_flag("--all", flags->options.all, "Every dead letter that is open");
  command.add_option("--by", flags->author.by, "Who does it");
  command.add_option("--why", flags->author.why, "Why; it is kept for good");
  command.add_flag("--json", flags->json, "Print what was done as JSON");
  return flags;
}

}  // namespace

void add_redrive_commands(CLI::App& group, Commands& commands, const Cleaning& cleaning) {
  CLI::App* redrive = group.add_subcommand(
      "redrive", "Send original bytes back to where they came from, under their own key");
  const auto sent = add_command(*redrive);
  redrive->add_option("--edit", sent->edit, "Send the bytes of this file in place of the value")
      ->type_name("FILE");
  redrive->add_flag("--dry-run", sent->dry_run,
                    "Say what the stage would now make of each, and send nothing");
  redrive
      ->add_option("--throttle", sent->per_second,
                   "At most so many works a second that the processor is to write again")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  redrive->footer(
      "Examples:\n  freshet dead-letter redrive --reason invalid_value --source met --dry-run\n"
      "  freshet dead-letter redrive 3 17 --edit record.json --by \"A. Person\" --why \"width "
      "mended\"");
  commands.on_run(redrive, [sent, cleaning](const Context& context) {
    return run_redrive(context, *sent, cleaning);
  });

  CLI::App* discard = group.add_subcommand("discard", "Say that they are not needed any more");
  const auto gone = add_command(*discard);
  discard->add_flag("--dry-run", gone->dry_run, "Only count them");
  discard->footer(
      "Example:\n  freshet dead-letter discard --source met --until 2026-11-01T00:00:00Z --by \"A. "
      "Person\" --why \"the museum sends them anew\"");
  commands.on_run(discard, [gone](const Context& context) { return run_discard(context, *gone); });
}

}  // namespace freshet
