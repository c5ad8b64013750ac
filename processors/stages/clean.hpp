#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "processors/work.hpp"

namespace freshet {

/// Version of the cleaning rules: part of a sighting's stamp and seed of its fingerprint. Grows by
/// one whenever clean may give another result for the same input.
inline constexpr std::uint32_t kRulesVersion = 1;

/// Why a sighting is deliberately not passed on: counted under its name, not an error.
enum class DropReason { no_open_license };
std::string_view to_string(DropReason reason) noexcept;

/// With the identity of the work, by which it is counted; texts live as long as the arena.
struct Dropped {
  DropReason reason;
  MediaType media_type;
  std::string_view provider;
  std::string_view foreign_identifier;
};

/// A cleaned work, a counted drop, or an error with field and rule.
using CleanResult = std::variant<Work, Dropped, Error>;

/// Lists that clean applies, from policy (`schemas/rules.json` until policy is read from its
/// topic): hosts that have no TLS.
struct CleanRules;

/// Cleans one sighting: required fields, URL form, licence table, text, tags, types, limits, file
/// type, category. A pure function of the sighting and the rules: no network, no clock. Cleaning
/// its own result again changes nothing.
///
/// @thread_safety  One thread each: it owns parsers and scratch space.
/// @source  reference rules of the batch original, restated in docs/architecture.md, "clean".
class Cleaner {
 public:
  /// Rules shipped with the binary.
  Cleaner();
  explicit Cleaner(const CleanRules& rules);
  ~Cleaner();
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;

  /// @param work  the raw bytes of a sighting's `work` member, any UTF-8 or not; copied first.
  /// @return views into `arena`; valid as long as that lives.
  CleanResult clean(std::string_view work, Arena& arena);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
