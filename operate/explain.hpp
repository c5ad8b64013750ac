#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clean_preview.hpp"
#include "core/commands.hpp"
#include "core/json.hpp"
#include "core/policy.hpp"
#include "core/time.hpp"
#include "operate/dead_letters.hpp"

namespace freshet {

/// Adds `explain`.
/// @param raw  what clean says of a raw record.
void add_explain_command(CLI::App& root, Commands& commands, RawFunction raw);

/// Adds `clean`.
void add_clean_command(CLI::App& root, Commands& commands, Cleaning cleaning);

/// A record of `media.raw.v1` under the key of the work.
struct SightingLine {
  std::int64_t offset = 0;
  UtcTime appended_at;
  std::string run_id;  ///< empty: the envelope has none
  RawPreview preview;

  bool is_usable() const { return preview.clean.outcome == CleanPreview::Outcome::cleaned; }
};

/// As the processor does: a work under another key than its own is refused.
/// @param key  of the record.
void refuse_other_key(std::string_view key, CleanPreview& clean);

/// A decision as `media.decisions.v1` has it.
struct DecisionLine {
  std::string kind;
  bool holds = false;
  UtcTime at;  ///< of its last line, like the next two
  std::string by;
  std::string why;
  bool is_in_record = false;  ///< false: no processor has taken it yet
};

/// A work that claims the URL of the work that is explained.
struct ClaimLine {
  std::string work_key;
  std::string created_on;
};

/// The work as a store has it.
struct StoredLine {
  std::int64_t revision = 0;
  std::string status;
};

/// Why its source is left out of every query.
struct HiddenSource {
  std::string source;
  std::string by;  ///< empty: the shipped list of sources, like the next two
  std::string why;
  UtcTime at;
};

/// Decides as the API does: by a rule about the source, else by its entry in the rule `sources`,
/// else by its entry in the shipped list. Names are compared without case.
std::optional<HiddenSource> find_hidden_source(const Policy& policy, std::string_view source);

/// What happened to one work, as far as topics and stores still know.
struct Explanation {
  std::string key;
  std::string identifier;
  std::int32_t partition = 0;  ///< of everything that is keyed by work

  std::vector<SightingLine> sightings;  ///< the newest, oldest of them first
  std::int64_t earlier_sightings = 0;   ///< further ones before them, within retention

  std::optional<json::value> record;  ///< of `media.catalog.v1`; nothing: there is none
  std::int64_t record_offset = 0;

  std::vector<DecisionLine> decisions;
  std::vector<ClaimLine> claims;  ///< who claims its URL, the owner first
  std::vector<DeadLetterLine> dead_letters;

  std::optional<StoredLine> row;
  std::optional<StoredLine> document;
  std::optional<HiddenSource> hidden;
  /// Of a duplicate: the row of the work that owns its URL, where there is one.
  std::optional<StoredLine> owner;
  /// When the last full run of its provider began whose removals hold.
  std::optional<UtcTime> full_run_at;

  /// What could not be asked, a sentence each. Nothing else is said about a store that did not
  /// answer.
  std::vector<std::string> notes;
  bool is_row_known = true;       ///< false: PostgreSQL could not be asked
  bool is_document_known = true;  ///< false: Elasticsearch could not be asked

  /// A text of the record; empty: it has none there, or there is no record.
  std::string text(std::string_view pointer) const;
  /// The record's; 0: none.
  std::int64_t revision() const;
};

std::string format_explanation_text(const Explanation& explanation);
std::string format_explanation_json(const Explanation& explanation);

}  // namespace freshet
