#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/commands.hpp"

namespace freshet {

/// `freshet reports list|show|close`.
void add_reports_commands(CLI::App& root, Commands& commands);

/// How a report ended: one of the decisions, or `dismissed`.
inline constexpr const char* kDismissed = "dismissed";

/// The work that a report is about, as a key.
/// @error StartupError: PostgreSQL does not answer as it should; WorkFailed: no such report;
///        RefusedError: it is closed
std::string work_of_report(const std::string& dsn, std::int64_t id);

/// Closes this report and all other open ones of its work.
/// @return how many were closed
/// @error as above
std::int64_t close_reports(const std::string& dsn, std::int64_t id, const std::string& outcome,
                           const std::string& by, const std::string& note);

}  // namespace freshet
