#pragma once

#include "core/clean_preview.hpp"

namespace freshet {

/// What `produce --dry-run --cleaned` and `--rejects` show: clean, run on one sighting.
///
/// A cleaned line is one JSON object with exactly the columns that the batch system's files have
/// for the media type (their names here: `license`, `thumbnail`), in their order, and `media_type`
/// first. What a work does not have is `null`.
///
/// @thread_safety  One thread at a time: it owns a `Cleaner`, made at the first call.
CleanFunction clean_preview();

/// What `explain` and `clean` show: the envelope of a raw record is read, and its work cleaned.
///
/// @thread_safety  as above.
RawFunction raw_preview();

/// What `dead-letter redrive --dry-run` shows of a record of the catalogue: whether the stores'
/// decoder takes it.
///
/// @thread_safety  as above.
CatalogueFunction catalogue_preview();

}  // namespace freshet
