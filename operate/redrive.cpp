#include "operate/redrive.hpp"

#include <algorithm>

#include "core/decision.hpp"
#include "core/key.hpp"
#include "core/topics.hpp"
#include "operate/explain.hpp"

namespace freshet {
namespace {

Redrive staying(std::string why) {
  Redrive plan;
  plan.outcome = Redrive::Outcome::dead_letter;
  plan.why = std::move(why);
  return plan;
}

std::string_view schema_of(const DeadLetterRecord& letter) {
  for (const auto& [name, value] : letter.headers) {
    if (name == schema_header::kName) {
      return value;
    }
  }
  return {};
}

void take_preview(const CleanPreview& preview, Redrive& plan) {
  switch (preview.outcome) {
    case CleanPreview::Outcome::cleaned:
      plan.outcome = Redrive::Outcome::forward;
      return;
    case CleanPreview::Outcome::dropped:
      plan.outcome = Redrive::Outcome::drop;
      plan.why = preview.reason;
      return;
    case CleanPreview::Outcome::rejected:
      plan.outcome = Redrive::Outcome::dead_letter;
      plan.why = preview.field.empty()
                     ? preview.reason
                     : preview.reason + ", " + preview.field + " (" + preview.rule + ")";
      return;
  }
}

void put_aside(Redrive& plan, const Error& error) {
  plan.outcome = Redrive::Outcome::dead_letter;
  plan.why = std::string{to_string(error.errc())} + ": " + error.message();
}

Redrive plan_raw(const DeadLetterRecord& letter, const Cleaning& cleaning) {
  Redrive plan;
  plan.way = Redrive::Way::send;
  plan.topic = topics::kRaw;
  plan.has_key = letter.key.has_value();
  plan.key = letter.key.value_or("");
  if (!letter.value) {
    plan.outcome = Redrive::Outcome::dead_letter;
    plan.why = "missing_field: it has no value";
    return plan;
  }
  RawPreview preview = cleaning.raw(*letter.value);
  const bool is_work = preview.kind == RawPreview::Kind::sighting &&
                       preview.clean.outcome != CleanPreview::Outcome::rejected;
  if (letter.is_edited && is_work) {
    plan.key = preview.clean.key;  // what was mended may be the identifier
    plan.has_key = true;
  }
  if (preview.kind == RawPreview::Kind::sighting) {
    refuse_other_key(plan.key, preview.clean);
  }
  take_preview(preview.clean, plan);
  const std::string_view schema = schema_of(letter);
  if (!letter.is_edited && schema != schema_header::kRaw) {
    plan.outcome = Redrive::Outcome::dead_letter;
    plan.why = "unknown_schema: " +
               (schema.empty() ? std::string{"no schema header"} : std::string{schema});
  }
  if (!plan.has_key) {
    plan.outcome = Redrive::Outcome::dead_letter;
    plan.why = "wrong_key: it has no key";
  }
  if (plan.key.size() + letter.value->size() > kRawMaxBytes) {
    return staying("it is larger than " + std::string{topics::kRaw} +
                   " takes: mend it with --edit");
  }
  return plan;
}

Redrive plan_decision(const DeadLetterRecord& letter) {
  Redrive plan;
  plan.way = Redrive::Way::send;
  plan.topic = topics::kDecisions;
  plan.has_key = letter.key.has_value();
  plan.key = letter.key.value_or("");
  if (const auto read = parse_decision(plan.key, letter.value.value_or("")); read) {
    plan.outcome = Redrive::Outcome::forward;
  } else {
    put_aside(plan, read.error());
  }
  return plan;
}

Redrive plan_policy(const DeadLetterRecord&) {
  return staying(
      "a rule is in force or it is not; set it again with `freshet policy set` or `freshet "
      "decide`");
}

/// The work that a key of the catalogue, of a claim or of a verdict is about.
std::string_view work_of(std::string_view topic, std::string_view key) {
  if (topic == topics::kUrlClaims) {
    return key.substr(std::min(key.find('|'), key.size() - 1) + 1);
  }
  return topic == topics::kUrlVerdicts ? key.substr(0, key.rfind('|')) : key;
}

Redrive plan_reemit(const DeadLetterRecord& letter, const Cleaning& cleaning) {
  const std::string key = letter.key.value_or("");
  const std::string_view work = key.empty() ? key : work_of(letter.line.topic, key);
  if (!parse_work_key(work)) {
    return staying("its key names no work that could be written again");
  }
  if (letter.is_edited) {
    return staying("only the processor writes " + letter.line.topic +
                   ": mend the sighting, or send it without --edit");
  }
  Redrive plan;
  plan.way = Redrive::Way::reemit;
  plan.key = work;
  if (letter.line.topic == topics::kCatalog && letter.value) {
    // The record as it was. The one that is written again is made by the rules in force.
    take_preview(cleaning.catalogue(key, *letter.value, schema_of(letter)), plan);
    if (plan.outcome == Redrive::Outcome::dead_letter) {
      plan.why += "; unless the record has changed since";
    }
  }
  return plan;
}

}  // namespace

std::string_view to_string(Redrive::Way way) noexcept {
  switch (way) {
    case Redrive::Way::send:
      return "send";
    case Redrive::Way::reemit:
      return "reemit";
    case Redrive::Way::stay:
      return "stay";
  }
  return "";
}

std::string_view to_string(Redrive::Outcome outcome) noexcept {
  switch (outcome) {
    case Redrive::Outcome::forward:
      return "forward";
    case Redrive::Outcome::drop:
      return "drop";
    case Redrive::Outcome::dead_letter:
      return "dead_letter";
    case Redrive::Outcome::unknown:
      return "unknown";
  }
  return "";
}

DeadLetterRecord DeadLetterRecord::read(DeadLetterLine line, const kafka::Message& message) {
  DeadLetterRecord letter;
  letter.line = std::move(line);
  if (const auto key = message.key()) {
    letter.key = *key;
  }
  if (const auto value = message.value()) {
    letter.value = *value;
  }
  for (auto& header : message.headers()) {
    if (!header.first.starts_with("dl.") && header.first != kRedrivenHeader) {
      letter.headers.push_back(std::move(header));
    }
  }
  return letter;
}

Redrive plan_redrive(const DeadLetterRecord& letter, const Cleaning& cleaning) {
  const DeadLetterLine& line = letter.line;
  if (!letter.is_edited && line.redriven >= kMostRedriven) {
    return staying("it failed again after " + std::to_string(line.redriven) +
                   " redrives: mend it with --edit, or discard it");
  }
  if (!letter.is_edited && line.is_truncated) {
    return staying("its value was cut when it was put aside: send the whole with --edit");
  }
  if (line.topic == topics::kRaw || (line.origin_partition.empty() && letter.is_edited)) {
    return plan_raw(letter, cleaning);
  }
  if (line.topic == topics::kDecisions) {
    return plan_decision(letter);
  }
  if (line.topic == topics::kPolicy) {
    return plan_policy(letter);
  }
  if (line.topic == topics::kCatalog || line.topic == topics::kUrlClaims ||
      line.topic == topics::kUrlVerdicts) {
    return plan_reemit(letter, cleaning);
  }
  return staying("it is from " + (line.topic.empty() ? "nowhere known" : line.topic) +
                 ": run the producer again, or send a mended sighting with --edit");
}

}  // namespace freshet
