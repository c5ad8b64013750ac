#include "operate/fate.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/record/status.hpp"

namespace freshet {
namespace {

using Found = Fate::Found;

bool is_live(const std::optional<StoredLine>& line) {
  return line && line->status == to_string(Status::live);
}

// Nothing: a store that would have to be asked does not answer.
std::optional<bool> is_shown(const Explanation& explanation) {
  if (explanation.hidden || (explanation.is_row_known && !is_live(explanation.row)) ||
      (explanation.is_document_known && !is_live(explanation.document))) {
    return false;
  }
  if (!explanation.is_row_known || !explanation.is_document_known) {
    return std::nullopt;
  }
  return true;
}

// "dropped (no_open_license)", "put aside as a dead letter (invalid_value; field url, rule
// url_without_space)"
std::string refusal(const CleanPreview& clean) {
  if (clean.outcome == CleanPreview::Outcome::dropped) {
    return "dropped (" + clean.reason + ")";
  }
  return fmt::format("put aside as a dead letter ({}; {}{}rule {})", clean.reason,
                     clean.field.empty() ? "" : "field " + clean.field,
                     clean.field.empty() ? "" : ", ", clean.rule);
}

const DecisionLine* find_decision(const Explanation& explanation, std::string_view kind) {
  const auto found = std::ranges::find(explanation.decisions, kind, &DecisionLine::kind);
  return found == explanation.decisions.end() ? nullptr : &*found;
}

// "(Bo said so at 2026-11-22T00:00:00.000Z: notice 4711)"
std::string said(const std::string& by, UtcTime at, const std::string& why) {
  return fmt::format("({} said so at {}: {})", by, format_millis(at), why);
}
std::string said(const DecisionLine& line) { return said(line.by, line.at, line.why); }

Fate without_record(const Explanation& explanation) {
  if (!explanation.sightings.empty()) {
    const SightingLine& newest = explanation.sightings.back();
    if (!newest.is_usable()) {
      const bool is_dropped = newest.preview.clean.outcome == CleanPreview::Outcome::dropped;
      return {Found::no, is_dropped ? "dropped" : "put_aside",
              "It is not found: its newest sighting was " + refusal(newest.preview.clean) +
                  ", and there is no record from an earlier one."};
    }
    if (newest.preview.kind == RawPreview::Kind::removed) {
      return {Found::no, "removed_at_source",
              "It is not found: all that is known of it is that its source no longer has it."};
    }
    return {Found::no, "processor_behind",
            "It is not found yet: it was sighted, and no processor has made a record of it; "
            "`freshet lag` says how far behind they are."};
  }
  if (!explanation.dead_letters.empty()) {
    const DeadLetterLine& newest = explanation.dead_letters.front();
    return {Found::no, "put_aside",
            fmt::format("It is not found: what came under its key was put aside as a dead letter "
                        "({}{}{}), and there is no record of it.",
                        newest.reason, newest.field.empty() ? "" : ", ", newest.field)};
  }
  return {
      Found::no, "unknown_work",
      "It is not found: nothing is known of it, neither a record nor a sighting within the time "
      "for which sightings are kept. Keys are compared to the letter: `met` is not `MET`."};
}

// Of a work that its record says is not to be shown: the stores may not have heard of it.
Fate not_shown(const Explanation& explanation, std::string cause, const std::string& reason) {
  const auto shown = is_shown(explanation);
  if (!shown) {
    return {Found::unknown, std::move(cause),
            fmt::format("It is not to be found: {}; whether search still shows it cannot be told, "
                        "as a store does not answer.",
                        reason)};
  }
  if (*shown) {
    return {Found::yes, std::move(cause),
            fmt::format("It is still found: {}, and the sinks have not written that yet; `freshet "
                        "lag` says how far behind they are.",
                        reason)};
  }
  return {Found::no, std::move(cause), fmt::format("It is not found: {}.", reason)};
}

std::string why_duplicate(const Explanation& explanation) {
  const std::string owner = explanation.text("/duplicate_of");
  if (!explanation.owner) {
    return owner + " owns its URL, and a copy is not shown";
  }
  if (is_live(explanation.owner)) {
    return owner + " has the same URL and is shown in its place";
  }
  return fmt::format("{0} owns its URL, a copy is not shown, and {0} is itself {1}", owner,
                     explanation.owner->status);
}

Fate removed(const Explanation& explanation) {
  const std::string newest = explanation.text("/seen/newest/0");
  const std::string removed_at = explanation.text("/seen/removed");
  if (newest.empty()) {
    if (const DecisionLine* erase = find_decision(explanation, "erase");
        erase != nullptr && !erase->holds) {
      return not_shown(explanation, "erased",
                       "it was erased, and the erase was undone " + said(*erase) +
                           "; it comes back when it is seen again");
    }
    if (!removed_at.empty()) {
      return not_shown(
          explanation, "removed_at_source",
          "all that is known of it is that its source no longer had it at " + removed_at);
    }
    return not_shown(explanation, "never_usable", "no usable sighting of it ever came");
  }
  const auto said_so = [&](const SightingLine& line) {
    return line.preview.kind == RawPreview::Kind::removed && line.is_usable() &&
           line.preview.fetched_at == removed_at;
  };
  const std::string last_seen = fmt::format("; its newest sighting is of {}", newest);
  if (std::ranges::any_of(explanation.sightings, said_so)) {
    return not_shown(explanation, "removed_at_source",
                     "its source said at " + removed_at + " that it no longer has it" + last_seen);
  }
  if (explanation.full_run_at && format_micros(*explanation.full_run_at) == removed_at) {
    return not_shown(
        explanation, "removed_at_source",
        "a full run of its provider that began at " + removed_at + " no longer saw it" + last_seen);
  }
  return not_shown(
      explanation, "removed_at_source",
      (removed_at.empty() ? std::string{"it counts as removed at its source"}
                          : "it counts as removed at its source since " + removed_at +
                                ", by the source's word or by a full run that did not see it") +
          last_seen);
}

Fate blocked(const Explanation& explanation) {
  for (const auto& [kind, cause, participle] :
       {std::tuple{"erase", "erased", "erased"},
        std::tuple{"takedown", "taken_down", "taken down"}}) {
    if (const DecisionLine* line = find_decision(explanation, kind);
        line != nullptr && line->holds) {
      return not_shown(explanation, cause, fmt::format("it was {} {}", participle, said(*line)));
    }
  }
  return not_shown(explanation, "blocked", "a decision blocks it");
}

// A newer sighting that could not be used: the work shows what was seen before.
std::string unused_sighting(const Explanation& explanation) {
  if (explanation.sightings.empty() || explanation.sightings.back().is_usable()) {
    return "";
  }
  const SightingLine& newest = explanation.sightings.back();
  const std::string shown = explanation.text("/seen/newest/0");
  if (!newest.preview.fetched_at.empty() && newest.preview.fetched_at < shown) {
    return "";
  }
  return fmt::format(" It shows what was seen at {}: its newest sighting was {}.", shown,
                     refusal(newest.preview.clean));
}

// Which sinks have not written this revision, or not as live: "the PostgreSQL and Elasticsearch
// sinks are behind".
std::string sinks_behind(const std::vector<std::string_view>& names) {
  return names.size() == 1 ? fmt::format("the {} sink is behind", names[0])
                           : fmt::format("the {} and {} sinks are behind", names[0], names[1]);
}

Fate not_written(const Explanation& explanation) {
  std::vector<std::string_view> missing;
  std::string older;
  std::string letters;
  const auto look = [&](const std::optional<StoredLine>& line, std::string_view name,
                        std::string_view step) {
    if (is_live(line)) {
      return;
    }
    missing.push_back(name);
    if (line) {
      older += fmt::format("; {} has an older revision (status {})", name, line->status);
    }
    const auto letter = std::ranges::find(explanation.dead_letters, step, &DeadLetterLine::step);
    if (letter != explanation.dead_letters.end()) {
      letters += fmt::format("; {} refused it: `freshet dead-letter show {} {}` says why", name,
                             letter->partition, letter->offset);
    }
  };
  look(explanation.row, "PostgreSQL", "sink.postgres");
  look(explanation.document, "Elasticsearch", "sink.elasticsearch");
  return {Found::no, letters.empty() ? "sink_behind" : "put_aside",
          fmt::format("It is not found yet: its record is live, and {}{}{}; `freshet lag` says how "
                      "far.",
                      sinks_behind(missing), older, letters)};
}

Fate live(const Explanation& explanation) {
  const auto shown = is_shown(explanation);
  if (!shown) {
    return {Found::unknown, "live",
            fmt::format("Its record is live; whether a search finds it cannot be told, as {} does "
                        "not answer.",
                        explanation.is_row_known ? "Elasticsearch" : "PostgreSQL")};
  }
  if (!*shown) {
    return not_written(explanation);
  }
  Fate fate{Found::yes, "live", "It is found by search"};
  if (const json::value& reasons = value_at(*explanation.record, "/derived/sensitivity");
      reasons.is_array() && !reasons.as_array().empty()) {
    fate.found = Found::only_sensitive;
    fate.sentence = "It is found only by searches that include sensitive results (";
    for (std::size_t i = 0; i < reasons.as_array().size(); ++i) {
      const json::value& reason = reasons.as_array()[i];
      fate.sentence += (i == 0 ? "" : ", ");
      fate.sentence += reason.is_string() ? std::string_view{reason.as_string()} : "?";
    }
    fate.sentence += ")";
    if (const DecisionLine* line = find_decision(explanation, "sensitive");
        line != nullptr && line->holds) {
      fate.sentence += " " + said(*line);
    }
  }
  std::vector<std::string_view> behind;
  if (explanation.row->revision < explanation.revision()) {
    behind.emplace_back("PostgreSQL");
  }
  if (explanation.document->revision < explanation.revision()) {
    behind.emplace_back("Elasticsearch");
  }
  if (!behind.empty()) {
    fate.cause = "sink_behind";
    fate.sentence += ", but with what was known at an earlier revision: " + sinks_behind(behind);
  }
  fate.sentence += "." + unused_sighting(explanation);
  return fate;
}

Fate hidden(const HiddenSource& source) {
  return {Found::no, "hidden_source",
          source.by.empty()
              ? fmt::format("It is not found: the shipped list of sources hides {}.", source.source)
              : fmt::format("It is not found: its source {} is hidden {}.", source.source,
                            said(source.by, source.at, source.why))};
}

// A decision that no processor has taken yet is the news that its author waits for.
Fate pending(const Explanation& explanation, const DecisionLine& line) {
  const auto shown = is_shown(explanation);
  return {!shown   ? Found::unknown
          : *shown ? Found::yes
                   : Found::no,
          "decision_pending",
          fmt::format("`{}` was decided by {} at {}, and no processor has taken it yet; `freshet "
                      "lag` says how far behind they are. Until then it is {}.",
                      line.holds ? line.kind : "undo " + line.kind, line.by, format_millis(line.at),
                      !shown   ? "as it was; whether a search finds it cannot be told"
                      : *shown ? "found as before"
                               : "not found, as before")};
}

}  // namespace

Fate fate_of(const Explanation& explanation) {
  for (const DecisionLine& line : explanation.decisions) {
    if (!line.is_in_record && line.kind != "reemit") {
      return pending(explanation, line);
    }
  }
  if (!explanation.record) {
    return without_record(explanation);
  }
  if (explanation.hidden) {
    return hidden(*explanation.hidden);
  }
  const std::string text = explanation.text("/status");
  const std::optional<Status> status = parse_status(text);
  if (!status) {
    return not_shown(explanation, "blocked", "its status is " + text);
  }
  switch (*status) {
    case Status::live:
      return live(explanation);
    case Status::duplicate:
      return not_shown(explanation, "duplicate", why_duplicate(explanation));
    case Status::removed_at_source:
      return removed(explanation);
    case Status::blocked:
      return blocked(explanation);
  }
  return {};
}

}  // namespace freshet
