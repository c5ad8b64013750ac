#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/time.hpp"

namespace freshet {

/// A value of `ops.alerts.v1`: something that somebody should look at. Nothing waits for it.
///
/// The same finding about the same run has the same id, so a reader that has seen it passes it
/// over.
struct Alert {
  std::string step;     ///< `produce.met`, as in dead letters
  std::string subject;  ///< what it is about: the provider's command
  std::string kind;     ///< snake_case, of a small set: `no_records`, `few_records`, …
  std::string message;  ///< one sentence
  UtcTime at;
  std::string run_id;    ///< empty: about no run
  std::string reason{};  ///< of the drops that it is about; empty: of none
  std::optional<std::int64_t> found{};
  std::optional<std::int64_t> usual{};  ///< what `found` is measured by
};

/// `<step>:<subject>`
std::string alert_key(const Alert& alert);
/// As schemas/records/alert.schema.json describes it.
std::string encode_alert(const Alert& alert);

}  // namespace freshet
