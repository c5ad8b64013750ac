#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "processors/record/work.hpp"

namespace freshet {

/// Version of the cleaning rules: part of a sighting's stamp and seed of its fingerprint. Grows by
/// one whenever clean may give another result for the same input.
inline constexpr std::uint32_t kRulesVersion = 2;
static_assert(kFieldCount == 24, "a field more is another result: raise the version with it");

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

/// What is cleaned: a merged work may have more tags than one sighting, and several accuracies of
/// one tag.
enum class Cleaned : std::uint8_t { sighting, merged_work };

/// Lists that clean applies, from `schemas/rules.json`: hosts that have no TLS. What policy says of
/// them holds for the merged work (`set_schemes`), whatever clean made of a sighting.
struct CleanRules;

/// Cleans one sighting: required fields, URL form, licence table, text, tags, types, limits, file
/// type, category. What the record contract (core/record/fields.hpp) does not allow in an optional
/// place is left out, prose is cut, and either is named in `Work::left_out`. A pure function of the
/// sighting and the rules: no network, no clock. Cleaning its own result again changes nothing.
///
/// @thread_safety  One thread each: it owns parsers and scratch space.
/// @source  the rules of the batch original; where ours differ: docs/differences.md.
class Cleaner {
 public:
  /// Rules shipped with the binary.
  Cleaner();
  explicit Cleaner(const CleanRules& rules);
  ~Cleaner();
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;

  /// @param work  the raw bytes of a sighting's or a record's `work` member, any UTF-8 or not;
  ///              copied first.
  /// @return views into `arena`; valid as long as that lives.
  CleanResult clean(std::string_view work, Arena& arena, Cleaned what = Cleaned::sighting);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
