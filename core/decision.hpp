#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// What can be decided about a work. `reemit` is a command, not a state: the record is written
/// again.
enum class DecisionKind : std::uint8_t { takedown, sensitive, erase, reemit };
std::string_view to_string(DecisionKind kind) noexcept;
std::optional<DecisionKind> parse_decision_kind(std::string_view text) noexcept;

/// The action that ends a decision of any kind but `reemit`, under the key of what it ends.
inline constexpr std::string_view kUndo = "undo";

/// One line of the history of a decision.
struct DecisionEntry {
  UtcTime at;               ///< whole milliseconds
  std::string decision_id;  ///< UUID of version 4
  std::string action;       ///< the name of the kind, or `undo`
  std::string by;           ///< who decided
  std::string why;
};

/// Bounds of one entry, in code points, and of a history: enough for any honest use, and together
/// far from the size limit of a catalogue record.
inline constexpr std::size_t kMostDecisionBy = 200;
inline constexpr std::size_t kMostDecisionWhy = 1'000;
inline constexpr std::size_t kMostDecisionHistory = 100;

/// A value of `media.decisions.v1`:
/// `{"work_key","kind","active","decision_id","history":[{"at","decision_id","action","by","why"}]}`,
/// where `active` and `decision_id` say what the last entry of the history says.
struct Decision {
  std::string work_key;
  DecisionKind kind = DecisionKind::takedown;
  std::vector<DecisionEntry> history;  ///< by (at, decision_id), oldest first; never empty
  bool active() const { return history.back().action != kUndo; }
};

/// `image:met:437133|takedown`: the kind stands behind the *last* bar, so an undo lies under the
/// key of what it undoes. The message lies in the partition of the *work* key.
std::string make_decision_key(std::string_view work_key, DecisionKind kind);
struct DecisionKeyView {
  std::string_view work_key;
  DecisionKind kind;
};
std::optional<DecisionKeyView> parse_decision_key(std::string_view key) noexcept;

/// Canonical JSON of an entry. It begins with the time and the id, so the order of these texts is
/// the order of the entries.
std::string encode_decision_entry(const DecisionEntry& entry);
std::string encode_decision(const Decision& decision);

/// Reads and checks a message. The history comes back sorted and without repeats. `active` and
/// `decision_id` of the message are ignored: they follow from the history.
/// @error Retry::never; Errc::wrong_key, malformed_payload, missing_field or invalid_value with
///        field and rule.
Result<Decision> parse_decision(std::string_view key, std::string_view value);

/// Why `text` cannot be `by` or `why`; nothing when it can: it is UTF-8, not empty, not too long
/// and without control characters. (A store would refuse a decision with these, and the work would
/// stay visible.)
std::optional<std::string> fault_of_decision_text(std::string_view text, std::size_t most);

/// A random UUID of version 4.
std::string new_decision_id();

}  // namespace freshet
