#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <iostream>
#include <map>
#include <memory>

#include "core/check.hpp"
#include "core/decision.hpp"
#include "core/http/elasticsearch.hpp"
#include "core/topics.hpp"
#include "operate/broker.hpp"
#include "operate/decide.hpp"
#include "operate/explain.hpp"
#include "operate/policy.hpp"
#include "operate/stores.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

/// How much earlier than its revision says a record may have been appended: clocks differ.
constexpr std::chrono::hours kClockMargin{1};

struct Flags {
  std::vector<std::string> words;
  std::string media;
  std::string provider;
  std::string id;
  std::size_t sightings = 20;
  bool json = false;
};

/// Looks for what topics and stores have of one work. Partitions are read from the start, one after
/// the other, so that memory does not grow with them.
class Search {
 public:
  Search(const Context& context, std::string key, const RawFunction& raw, std::size_t sightings)
      : context_{context},
        raw_{raw},
        most_sightings_{sightings},
        consumer_{context.config.kafka, reader_options()} {
    found_.key = std::move(key);
    found_.identifier = work_identifier(found_.key);
  }

  Explanation run() {
    const auto partitions = partitions_of(consumer_, topic(topics::kCatalog));
    found_.partition = partition_for_key(found_.key, static_cast<std::int32_t>(partitions.size()));
    ask_stores();
    read_record();
    read_sightings();
    read_decisions();
    read_claims();
    read_dead_letters();
    read_policy_about();
    ask_owner();
    if (context_.stop.stop_requested()) {
      throw WorkFailed{"stopped before everything was read"};
    }
    return std::move(found_);
  }

 private:
  std::string topic(std::string_view name) const { return context_.config.kafka.prefixed(name); }

  void read(std::string_view name, std::int32_t partition, kafka::Offset from,
            const std::function<bool(const kafka::Message&)>& take) {
    read_to_end(consumer_, {{{topic(name), kafka::Partition{partition}}, from}}, context_.stop,
                take);
  }

  void read_own(std::string_view name, const std::function<void(const kafka::Message&)>& take) {
    read(name, found_.partition, kafka::Consumer::kBeginning, [&](const kafka::Message& message) {
      if (message.key() == found_.key) {
        take(message);
      }
      return true;
    });
  }

  void ask_stores() {
    const WorkKeyView key = *parse_work_key(found_.key);
    if (auto row = find_row(context_.config.postgres.dsn, key, context_.stop)) {
      found_.row = std::move(*row);
    } else {
      found_.is_row_known = false;
      found_.notes.push_back(row.error().message());
    }
    http::CurlClient client{http::elasticsearch_options(context_.config, context_.stop, 5s)};
    if (auto document = find_document(client, context_.config.elasticsearch, key.media_type,
                                      found_.identifier)) {
      found_.document = std::move(*document);
    } else {
      found_.is_document_known = false;
      found_.notes.push_back(document.error().message());
    }
  }

  // The record lies at or behind the time of its revision. Only where no store knows that is the
  // partition read from its start.
  void read_record() {
    kafka::Offset from = kafka::Consumer::kBeginning;
    const std::int64_t revision = std::max(found_.row ? found_.row->revision : 0,
                                           found_.document ? found_.document->revision : 0);
    if (revision > 0) {
      const kafka::TopicPartition at{topic(topics::kCatalog), kafka::Partition{found_.partition}};
      const auto offset = require(
          consumer_.offset_for_time(at, UtcTime::from_millis(revision) - kClockMargin, 10s));
      from = offset.value_or(from);
    }
    read_record_from(from);
    if (!found_.record && from != kafka::Consumer::kBeginning) {
      read_record_from(kafka::Consumer::kBeginning);
    }
  }

  void read_record_from(kafka::Offset from) {
    std::string newest;
    read(topics::kCatalog, found_.partition, from, [&](const kafka::Message& message) {
      if (message.key() == found_.key && message.value()) {
        newest.assign(*message.value());
        found_.record_offset = message.offset().value;
      }
      return true;
    });
    if (newest.empty()) {
      return;
    }
    const auto parsed = parse_json(newest);
    if (parsed && parsed->is_object()) {
      found_.record = *parsed;
    } else {
      found_.notes.push_back("The record at offset " + std::to_string(found_.record_offset) +
                             " of media.catalog.v1 is no JSON object.");
    }
  }

  void read_sightings() {
    std::deque<SightingLine> newest;
    read_own(topics::kRaw, [&](const kafka::Message& message) {
      SightingLine line;
      line.offset = message.offset().value;
      line.appended_at = message.timestamp();
      const std::string_view value = message.value().value_or("");
      line.preview = raw_(value);
      refuse_other_key(found_.key, line.preview.clean);
      if (const auto parsed = parse_json(value)) {
        line.run_id = text_at(*parsed, "/seen/run_id").value_or("");
      }
      newest.push_back(std::move(line));
      if (newest.size() > most_sightings_) {
        newest.pop_front();
        ++found_.earlier_sightings;
      }
    });
    found_.sightings.assign(std::make_move_iterator(newest.begin()),
                            std::make_move_iterator(newest.end()));
  }

  void read_decisions() {
    std::map<std::string, Decision> newest;
    read(topics::kDecisions, found_.partition, kafka::Consumer::kBeginning,
         [&](const kafka::Message& message) {
           const auto named = message.key() ? parse_decision_key(*message.key()) : std::nullopt;
           if (named && named->work_key == found_.key && message.value()) {
             if (auto decision = parse_decision(*message.key(), *message.value())) {
               newest.insert_or_assign(std::string{*message.key()}, std::move(*decision));
             }
           }
           return true;
         });
    const std::string decided =
        found_.record ? to_json(value_at(*found_.record, "/decisions")) : std::string{};
    for (const auto& [key, decision] : newest) {
      const DecisionEntry& last = decision.history.back();
      found_.decisions.push_back({std::string{to_string(decision.kind)}, decision.active(), last.at,
                                  last.by, last.why,
                                  decision.kind == DecisionKind::reemit ||
                                      decided.find(last.decision_id) != std::string::npos});
    }
  }

  void read_claims() {
    const auto hash = found_.record ? text_at(*found_.record, "/seen/url_hash") : std::nullopt;
    if (!hash) {
      return;
    }
    const auto partitions = partitions_of(consumer_, topic(topics::kUrlClaims));
    std::map<std::string, std::string> claims;  // created_on by work
    read(topics::kUrlClaims, partition_for_key(*hash, static_cast<std::int32_t>(partitions.size())),
         kafka::Consumer::kBeginning, [&](const kafka::Message& message) {
           const std::string_view key = message.key().value_or("");
           if (key.size() <= hash->size() + 1 || !key.starts_with(*hash)) {
             return true;
           }
           const std::string work{key.substr(hash->size() + 1)};
           if (!message.value()) {
             claims.erase(work);
           } else if (const auto parsed = parse_json(*message.value())) {
             claims[work] = text_at(*parsed, "/created_on").value_or("");
           }
           return true;
         });
    for (auto& [work, created_on] : claims) {
      found_.claims.push_back({work, created_on});
    }
    // The earliest owns, ties by key.
    std::ranges::stable_sort(found_.claims, {},
                             [](const ClaimLine& line) { return line.created_on; });
  }

  void read_dead_letters() {
    std::vector<DeadLetterLine> lines;
    read_own(topics::kDeadLetter,
             [&](const kafka::Message& message) { lines.push_back(read_dead_letter(message)); });
    found_.dead_letters = newest_first(std::move(lines), most_sightings_);
  }

  void read_policy_about() {
    if (!found_.record) {
      return;
    }
    const Policy policy = read_policy(context_);
    if (const auto source = text_at(*found_.record, "/work/source")) {
      found_.hidden = find_hidden_source(policy, *source);
    }
    const WorkKeyView key = *parse_work_key(found_.key);
    const std::string scope =
        std::string{to_string(key.media_type)} + ":" + std::string{key.provider};
    if (const auto* removal = policy.find<RemovalRule>(std::string{policy::kRemoval} + scope)) {
      found_.full_run_at = removal->approved_before;
    }
  }

  void ask_owner() {
    const auto owner = found_.record ? text_at(*found_.record, "/duplicate_of") : std::nullopt;
    const auto key = owner ? parse_work_key(*owner) : std::nullopt;
    if (key && found_.is_row_known) {
      if (auto row = find_row(context_.config.postgres.dsn, *key, context_.stop)) {
        found_.owner = std::move(*row);
      }
    }
  }

  const Context& context_;
  const RawFunction& raw_;
  std::size_t most_sightings_;
  kafka::Consumer consumer_;
  Explanation found_;
};

WorkNames names_of(const Flags& flags) {
  WorkNames names;
  names.words = flags.words;
  if (!flags.provider.empty()) {
    if (!flags.words.empty()) {
      throw StartupError{"either a name of the work, or --provider and --id"};
    }
    names.words = {flags.provider, flags.id};
  }
  if (names.words.empty()) {
    throw StartupError{
        "which work? A UUID, a key such as image:met:437133, or --provider and --id"};
  }
  if (!flags.media.empty()) {
    names.media_type = parse_media_type(flags.media);
  }
  return names;
}

bool is_known(const Explanation& found) {
  return found.record || !found.sightings.empty() || !found.dead_letters.empty() || found.row ||
         found.document || !found.decisions.empty();
}

std::string find_key(const Context& context, const WorkNames& names) {
  try {
    const auto works =
        find_works(names, [&] { return open_work_lookup(context.config.postgres.dsn); });
    if (works.size() > 1) {
      throw StartupError{"one work at a time"};
    }
    return works.front().key;
  } catch (const WorkFailed& failed) {
    throw WorkFailed{std::string{failed.what()} +
                     " in PostgreSQL; a work that was dropped or put aside, or is not written yet, "
                     "is explained by its key, such as image:met:437133"};
  }
}

// A provider's identifier is a key but for the media type: it needs no row, so that a work that
// never got one can be explained, too. Without --media both are looked for.
Explanation explain(const Context& context, const Flags& flags, const RawFunction& raw) {
  const auto search = [&](const std::string& key) {
    return Search{context, key, raw, flags.sightings}.run();
  };
  const WorkNames names = names_of(flags);
  std::vector<Explanation> found;
  if (names.words.size() == 2 && !parse_work_key(names.words[0])) {
    for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
      const std::string key = make_work_key(media_type, names.words[0], names.words[1]);
      if (names.media_type.value_or(media_type) == media_type && parse_work_key(key)) {
        found.push_back(search(key));
      }
    }
  }
  if (found.empty()) {
    return search(find_key(context, names));
  }
  if (found.size() == 2 && is_known(found[0]) && is_known(found[1])) {
    throw StartupError{"both media types have " + names.words[0] + " " + names.words[1] +
                       ": say --media"};
  }
  return std::move(found.size() == 2 && is_known(found[1]) ? found[1] : found[0]);
}

int run_explain(const Context& context, const Flags& flags, const RawFunction& raw) {
  kafka::Admin admin{context.config.kafka};
  require_broker(admin);
  const Explanation explanation = explain(context, flags, raw);
  std::cout << (flags.json ? format_explanation_json(explanation)
                           : format_explanation_text(explanation));
  return ExitCode::done;
}

}  // namespace

void add_explain_command(CLI::App& root, Commands& commands, RawFunction raw) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = root.add_subcommand(
      "explain", "What happened to one work, and why a search finds it or does not");
  command->add_option("work", flags->words, "UUID, key, or provider and identifier")
      ->option_text("WORK");
  auto* provider = command->add_option("--provider", flags->provider, "Its provider, with --id");
  auto* id = command->add_option("--id", flags->id, "Its identifier there, with --provider");
  provider->needs(id);
  id->needs(provider);
  command->add_option("--media", flags->media, "image or audio, for a provider and an identifier")
      ->check(CLI::IsMember({"image", "audio"}));
  command->add_option("--sightings", flags->sightings, "Show at most so many, the newest")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print all of it as one JSON object");
  command->footer("Example:\n  freshet explain image:met:437133");
  commands.on_run(command, [flags, raw = std::move(raw)](const Context& context) {
    return run_explain(context, *flags, raw);
  });
}

}  // namespace freshet
