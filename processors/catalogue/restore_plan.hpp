#pragma once

#include <cstdint>
#include <optional>

#include "core/kafka/consumer.hpp"
#include "core/kafka/types.hpp"
#include "processors/stage.hpp"

/// What a restore decides, apart from how it asks. Pure functions.
namespace freshet {

/// Where an input is read from: where the group stands or, where its topic ends before that, from
/// its beginning: it was made anew, or lost its end, and what it holds now was never taken.
kafka::Offset start_of_input(kafka::Offset offset, const kafka::Watermarks& marks);

/// Whether an input has records at or behind `from`. @param stable  its ends, read_committed.
bool has_unread(kafka::Offset from, const kafka::Watermarks& stable);

/// Up to where a changelog is restored. @param end  its high watermark.
/// @param start  where it is read from as an input; a special offset stands for the beginning.
///        What lies past the end was taken of another topic, and nothing that is waited for may
///        lie there.
std::int64_t target_of(Changelog::Until until, std::int64_t end, kafka::Offset start);

/// Whether the state has come further than the topic: it is of another one.
bool is_ahead(const ChangelogBounds& bounds);

/// Whether the state is of an earlier topic of the same name, which was as long.
/// @param first_younger  the first record younger than all that the state has, if there is one: it
///        lies behind the position. It may be one before: the marker of the last transaction may be
///        younger than the commit that it stands for.
bool is_of_earlier_topic(std::int64_t position, std::optional<kafka::Offset> first_younger);

/// What becomes of a state whose changelog is an input too, and compacted.
enum class TakenState : std::uint8_t {
  kept,            ///< brought on from its position, if need be
  of_other_topic,  ///< forgotten, and all that was taken is read anew
  maybe_too_old,   ///< brought on, unless `is_too_old`
};
/// @param was_begun_anew  the input is read from its beginning, see `start_of_input`.
TakenState judge_taken(const ChangelogBounds& bounds, bool was_begun_anew);

/// Whether tombstones between position and target may be gone: the topic is read from its start
/// then. @param first_kept  the first record that is younger than tombstones are kept; nothing
///        where there is none.
bool is_too_old(const ChangelogBounds& bounds, std::optional<kafka::Offset> first_kept);

}  // namespace freshet
