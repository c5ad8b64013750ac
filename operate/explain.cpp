#include "operate/explain.hpp"

#include <spdlog/fmt/fmt.h>

#include "core/check.hpp"
#include "core/fold.hpp"
#include "core/resources.hpp"
#include "operate/fate.hpp"
#include "operate/table.hpp"
#include "operate/text_or_null.hpp"

namespace freshet {
namespace {

std::string verdict(const CleanPreview& clean) {
  switch (clean.outcome) {
    case CleanPreview::Outcome::cleaned:
      return "kept";
    case CleanPreview::Outcome::dropped:
      return "dropped: " + clean.reason;
    case CleanPreview::Outcome::rejected:
      return clean.field.empty()
                 ? "rejected: " + clean.reason + " (" + clean.rule + ")"
                 : "rejected: " + clean.reason + ", " + clean.field + " (" + clean.rule + ")";
  }
  return "";
}

std::string kind_of(const SightingLine& line) {
  switch (line.preview.kind) {
    case RawPreview::Kind::sighting:
      return "sighting";
    case RawPreview::Kind::removed:
      return "removed";
    case RawPreview::Kind::run_finished:
      return "run_finished";
  }
  return "";
}

std::string sightings_text(const Explanation& explanation) {
  std::string text =
      "\nSightings (media.raw.v1, partition " + std::to_string(explanation.partition) + ")\n";
  if (explanation.sightings.empty()) {
    return text + "  none is kept\n";
  }
  if (explanation.earlier_sightings > 0) {
    text += fmt::format("  {} earlier ones are not shown\n", explanation.earlier_sightings);
  }
  Table table{
      {{"  OFFSET", Align::right}, {"APPENDED"}, {"FETCHED"}, {"KIND"}, {"CLEAN"}, {"RUN"}}};
  for (const SightingLine& line : explanation.sightings) {
    table.add({std::to_string(line.offset), format_millis(line.appended_at),
               line.preview.fetched_at, kind_of(line),
               line.preview.kind == RawPreview::Kind::sighting || !line.is_usable()
                   ? verdict(line.preview.clean)
                   : "",
               line.run_id});
  }
  return text + table.text();
}

// What rules made of the work: why it is sensitive, and which of its tags nobody is shown.
std::string derived_text(const json::value& record) {
  std::string text;
  const json::value& reasons = value_at(record, "/derived/sensitivity");
  if (reasons.is_array() && !reasons.as_array().empty()) {
    text += "  sensitive " + to_json(reasons) + "\n";
  }
  const json::value& hidden = value_at(record, "/derived/hidden_tags");
  const json::value& tags = value_at(record, "/work/tags");
  if (hidden.is_array() && !hidden.as_array().empty() && tags.is_array()) {
    text += "  hidden tags";
    for (const json::value& place : hidden.as_array()) {
      const auto at =
          place.is_int64() ? static_cast<std::size_t>(place.as_int64()) : tags.as_array().size();
      if (at < tags.as_array().size()) {
        text += " " + to_json(value_at(tags.as_array()[at], "/name"));
      }
    }
    text += "\n";
  }
  return text;
}

std::string record_text(const Explanation& explanation) {
  std::string text = "\nRecord (media.catalog.v1)\n";
  if (!explanation.record) {
    return text + "  none\n";
  }
  const json::value& record = *explanation.record;
  text += fmt::format("  offset {}, revision {}, status {}\n", explanation.record_offset,
                      explanation.revision(), explanation.text("/status"));
  const std::string last_seen_at = explanation.text("/last_seen_at");
  text += fmt::format("  created_on {}, updated_on {}, last_seen_at {}\n",
                      explanation.text("/created_on"), explanation.text("/updated_on"),
                      last_seen_at.empty() ? "-" : last_seen_at);
  if (value_at(record, "/work").is_object()) {
    text += fmt::format("  title {}\n  url {}\n", to_json(value_at(record, "/work/title")),
                        to_json(value_at(record, "/work/url")));
  }
  text += derived_text(record);
  const json::value& newest = value_at(record, "/seen/newest");
  const json::value& older = value_at(record, "/seen/older");
  if (newest.is_array() && older.is_object() && !older.as_object().empty()) {
    text += "  from sightings before the newest, " + to_json(newest) + ":\n";
    for (const auto& [slot, stamp] : older.as_object()) {
      text += fmt::format("    {} {}\n", std::string_view{slot}, to_json(stamp));
    }
  }
  return text;
}

std::string decisions_text(const Explanation& explanation) {
  if (explanation.decisions.empty()) {
    return "";
  }
  std::string text = "\nDecisions (media.decisions.v1)\n";
  for (const DecisionLine& line : explanation.decisions) {
    text += fmt::format("  {} {} {}, by {}: {}{}\n", line.kind,
                        line.holds ? "holds since" : "undone at", format_millis(line.at), line.by,
                        line.why, line.is_in_record ? "" : " (not processed yet)");
  }
  return text;
}

std::string claims_text(const Explanation& explanation) {
  if (explanation.claims.empty()) {
    return "";
  }
  std::string text = "\nWho has this URL (media.url-claims.v1); the first owns it\n";
  for (const ClaimLine& line : explanation.claims) {
    text += fmt::format("  {} created_on {}\n", line.work_key, line.created_on);
  }
  return text;
}

std::string stores_text(const Explanation& explanation) {
  const std::int64_t revision = explanation.revision();
  const auto stored = [&](const std::optional<StoredLine>& line, bool is_known) {
    if (!is_known) {
      return std::string{"not known"};
    }
    if (!line) {
      return std::string{"none"};
    }
    return fmt::format("revision {}, status {}{}", line->revision, line->status,
                       line->revision < revision    ? " (behind the record)"
                       : line->revision == revision ? " (as the record)"
                                                    : "");
  };
  return fmt::format("\nStores\n  PostgreSQL     {}\n  Elasticsearch  {}\n",
                     stored(explanation.row, explanation.is_row_known),
                     stored(explanation.document, explanation.is_document_known));
}

json::value stored_json(const std::optional<StoredLine>& line) {
  return line ? json::value(json::object{{"revision", line->revision}, {"status", line->status}})
              : json::value{};
}

// true, false, "only_sensitive", or null where a store that decides does not answer.
json::value found_json(Fate::Found found) {
  switch (found) {
    case Fate::Found::yes:
      return true;
    case Fate::Found::no:
      return false;
    case Fate::Found::only_sensitive:
      return "only_sensitive";
    case Fate::Found::unknown:
      return nullptr;
  }
  return nullptr;
}

json::value hidden_json(const std::optional<HiddenSource>& hidden) {
  if (!hidden) {
    return nullptr;
  }
  return json::object{
      {"source", hidden->source},
      {"by", text_or_null(hidden->by)},
      {"why", text_or_null(hidden->why)},
      {"at", hidden->by.empty() ? json::value{} : json::value(format_millis(hidden->at))}};
}

std::string_view outcome_of(const CleanPreview& clean) {
  switch (clean.outcome) {
    case CleanPreview::Outcome::cleaned:
      return "kept";
    case CleanPreview::Outcome::dropped:
      return "dropped";
    case CleanPreview::Outcome::rejected:
      return "rejected";
  }
  return "";
}

}  // namespace

std::optional<HiddenSource> find_hidden_source(const Policy& policy, std::string_view source) {
  const std::string folded = fold_case(source);
  const auto said = sources_said(policy);
  if (const auto found = said.find(folded); found != said.end()) {
    const PolicyValue& value = *found->second.value;
    const auto* rule = std::get_if<SourceRule>(&value.rule);
    return rule != nullptr && rule->hidden
               ? std::optional{HiddenSource{std::string{source}, value.by, value.why, value.at}}
               : std::nullopt;
  }
  if (const auto* rule = policy.find<SourcesRule>(policy::kSources)) {
    const PolicyValue& value = *policy.values().find(policy::kSources)->second;
    for (const SourcesRule::Entry& entry : rule->sources) {
      if (fold_case(entry.name) == folded && entry.hidden) {
        return *entry.hidden
                   ? std::optional{HiddenSource{std::string{source}, value.by, value.why, value.at}}
                   : std::nullopt;
      }
    }
  }
  const auto shipped = parse_json(resource("sources.json"));
  FRESHET_CHECK(shipped && shipped->is_array());  // a file of ours
  for (const json::value& entry : shipped->as_array()) {
    if (fold_case(text_at(entry, "/name").value_or("")) == folded &&
        value_at(entry, "/hidden") == json::value(true)) {
      return HiddenSource{std::string{source}, "", "", {}};
    }
  }
  return std::nullopt;
}

void refuse_other_key(std::string_view key, CleanPreview& clean) {
  if (!key.empty() && !clean.key.empty() && clean.key != key) {
    clean.outcome = CleanPreview::Outcome::rejected;
    clean.reason = to_string(Errc::wrong_key);
    clean.field = "key";
    clean.rule = "it is " + clean.key;
  }
}

std::string Explanation::text(std::string_view pointer) const {
  return record ? std::string{text_at(*record, pointer).value_or("")} : std::string{};
}

std::int64_t Explanation::revision() const {
  if (!record) {
    return 0;
  }
  const json::value& found = value_at(*record, "/revision");
  return found.is_int64() ? found.as_int64() : 0;
}

std::string format_explanation_text(const Explanation& explanation) {
  const Fate fate = fate_of(explanation);
  std::string text =
      explanation.key + "\n" + explanation.identifier + "\n\n" + fate.sentence + "\n";
  if (fate.cause == "unknown_work" && explanation.notes.empty()) {
    return text;
  }
  text += sightings_text(explanation) + record_text(explanation) + decisions_text(explanation) +
          claims_text(explanation);
  if (!explanation.dead_letters.empty()) {
    text +=
        "\nDead letters (media.dead-letter.v1); `freshet dead-letter show PARTITION "
        "OFFSET` prints one\n" +
        format_dead_letter_table(explanation.dead_letters);
  }
  text += stores_text(explanation);
  for (const std::string& note : explanation.notes) {
    text += note + "\n";
  }
  return text;
}

std::string format_explanation_json(const Explanation& explanation) {
  const Fate fate = fate_of(explanation);
  json::array sightings;
  for (const SightingLine& line : explanation.sightings) {
    const CleanPreview& clean = line.preview.clean;
    sightings.push_back(json::object{
        {"offset", line.offset},
        {"appended_at", format_millis(line.appended_at)},
        {"fetched_at", text_or_null(line.preview.fetched_at)},
        {"kind", kind_of(line)},
        {"run_id", text_or_null(line.run_id)},
        {"outcome", line.preview.kind == RawPreview::Kind::sighting || !line.is_usable()
                        ? json::value(outcome_of(clean))
                        : json::value{}},
        {"reason", text_or_null(clean.reason)},
        {"field", text_or_null(clean.field)},
        {"rule", text_or_null(clean.rule)}});
  }
  json::array decisions;
  for (const DecisionLine& line : explanation.decisions) {
    decisions.push_back(json::object{{"kind", line.kind},
                                     {"active", line.holds},
                                     {"at", format_millis(line.at)},
                                     {"by", line.by},
                                     {"why", line.why},
                                     {"processed", line.is_in_record}});
  }
  json::array claims;
  for (const ClaimLine& line : explanation.claims) {
    claims.push_back(json::object{
        {"work", line.work_key}, {"created_on", line.created_on}, {"owner", claims.empty()}});
  }
  json::array notes;
  for (const std::string& note : explanation.notes) {
    notes.push_back(json::value(note));
  }
  // Our own writing: a list.
  json::value dead_letters = parse_json(format_dead_letter_json(explanation.dead_letters)).value();
  return to_json(json::object{
             {"key", explanation.key},
             {"identifier", explanation.identifier},
             {"found", found_json(fate.found)},
             {"cause", fate.cause},
             {"why", fate.sentence},
             {"partition", explanation.partition},
             {"sightings", std::move(sightings)},
             {"earlier_sightings", explanation.earlier_sightings},
             {"record", explanation.record ? json::value(*explanation.record) : json::value{}},
             {"record_offset",
              explanation.record ? json::value(explanation.record_offset) : json::value{}},
             {"decisions", std::move(decisions)},
             {"claims", std::move(claims)},
             {"dead_letters", std::move(dead_letters)},
             {"hidden", hidden_json(explanation.hidden)},
             {"postgres_known", explanation.is_row_known},
             {"postgres", stored_json(explanation.row)},
             {"elasticsearch_known", explanation.is_document_known},
             {"elasticsearch", stored_json(explanation.document)},
             {"notes", std::move(notes)}}) +
         "\n";
}

}  // namespace freshet
