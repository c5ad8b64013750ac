#pragma once

#include <optional>

#include "processors/record/catalog_record.hpp"
#include "processors/record/stamp.hpp"
#include "processors/record/work.hpp"

namespace freshet {

/// How many elements of a union are kept, the first of its canonical order. Cutting a union to the
/// first N of a fixed order commutes with uniting, so the cut does not depend on the order of
/// arrival.
inline constexpr std::size_t kMostForeignTags = 500;
inline constexpr std::size_t kMostGenres = 100;
inline constexpr std::size_t kMostAltFiles = 100;

/// Brings a cleaned work into the form in which sightings are merged: null members stripped at
/// every depth, members of `meta_data` and `audio_set` by name (of two with one name the last),
/// tags by (name, provider, accuracy), genres and alternative files by their text, all distinct,
/// unions cut.
void normalise(Work& work, Arena& arena);

/// Takes the slots out of `older` for which the work has no value: newer rules may have left out
/// what a sighting had.
void forget_absent(OlderList& older, const Work& work);

/// Merges one normalised sighting into what is known of the work.
///
/// The result is a function of the *set* of sightings merged, whatever their order and however
/// often each came: each slot holds the value of the greatest stamp among the sightings that have
/// one, and `older` has that stamp wherever it is not `newest`. Slots are the fields, each
/// top-level member of `meta_data` and `audio_set`, each member that this version does not know,
/// and two units that are replaced whole: the licence (`license`, `license_version`,
/// `meta_data.license_url`, `meta_data.raw_license_url`; there when `license` is) and the tags
/// under the work's own provider (there when it has one; an empty list erases nothing). Tags of
/// others, genres and alternative files are united.
///
/// @param into    the merged work so far; without `newest` it is replaced by the sighting.
/// @param newest  greatest stamp merged so far; raised to `stamp` when that is greater.
void merge(Work& into, std::optional<Stamp>& newest, OlderList& older, const Work& sighting,
           const Stamp& stamp);

}  // namespace freshet
