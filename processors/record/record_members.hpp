#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "processors/record/catalog_record.hpp"

/// The members of a catalogue record by name, for what reads, writes and saves one.
namespace freshet::record_members {

// In front of the name of a slot that is a member of these.
inline constexpr std::string_view kMetaData = "meta_data.";
inline constexpr std::string_view kAudioSet = "audio_set.";

enum Name : std::size_t {
  kKey,
  kIdentifier,
  kFormerIdentifiers,
  kRevision,
  kStatus,
  kDuplicateOf,
  kCreatedOn,
  kUpdatedOn,
  kLastSeenAt,
  kWork,
  kDerived,
  kDecisions,
  kSeen,
};
inline constexpr std::array<std::string_view, 13> kNames{
    "key",        "identifier", "former_identifiers", "revision", "status",  "duplicate_of",
    "created_on", "updated_on", "last_seen_at",       "work",     "derived", "decisions",
    "seen"};

/// Reads a member into the record. On false it is as if the record had none.
bool read_member(Name name, std::string_view value, CatalogRecord& record, Arena& arena);
/// On false `revision` is 0.
bool read_revision(std::string_view json, std::int64_t& revision);

}  // namespace freshet::record_members
