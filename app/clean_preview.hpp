#pragma once

#include "producers/command.hpp"

namespace freshet {

/// What `produce --dry-run --cleaned` and `--rejects` show: clean, run on one sighting.
///
/// A cleaned line is one JSON object with exactly the columns that the batch system's files have
/// for the media type (their names here: `license`, `thumbnail`), in their order, and `media_type`
/// first. What a work does not have is `null`.
///
/// @thread_safety  One thread at a time: it owns a `Cleaner`, made at the first call.
CleanFunction clean_preview();

}  // namespace freshet
