#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "sinks/sink.hpp"
#include "sinks/targets/pg_session.hpp"

namespace freshet {

/// Rows that a transaction inserted or updated.
using PgStored = boost::system::result<std::size_t, PgFailure>;

/// Commits what `write` did, or rolls it back. The first statement of `write` begins the
/// transaction.
template <class Write>
PgStored in_transaction(PgSession& session, const Write& write) {
  PgStored stored = write();
  if (stored) {
    if (auto done = session.run("COMMIT"); !done) {
      stored = done.error();
    }
  }
  if (!stored) {
    session.roll_back();
  }
  return stored;
}

/// The last resort: the encoder let something pass that the database refuses. Every half that is
/// accepted is stored, a row that is refused alone is put aside, and then the offsets move.
/// @tparam Row  has `index`, its place in the batch
/// @param store  one transaction: some of the rows, and the offsets that move with them
/// @param is_about_rows  whether a failure is one of the rows that it was given; any other ends it
template <class Row, class Store, class IsAboutRows>
PgStored store_in_halves(const SinkBatch& batch, std::span<const Row> rows, WriteReport& report,
                         PutAside& aside, const Store& store, const IsAboutRows& is_about_rows) {
  constexpr std::span<const PartitionProgress> kNoProgress;
  std::size_t written = 0;
  std::vector<std::span<const Row>> parts{rows};
  while (!parts.empty()) {
    const std::span<const Row> part = parts.back();
    parts.pop_back();
    const PgStored stored = store(part, kNoProgress);
    if (stored) {
      written += *stored;
      continue;
    }
    const PgFailure failure = stored.error();
    if (part.empty() || !is_about_rows(failure)) {
      return failure;
    }
    if (part.size() == 1) {
      report.rejected.push_back(
          {part.front().index,
           Error{Errc::store_refused, "row", failure.sqlstate, failure.error.message()},
           RefusedBy::store});
      continue;
    }
    ++report.splits;
    const std::size_t middle = part.size() / 2;
    parts.push_back(part.subspan(middle));
    parts.push_back(part.first(middle));
  }
  // Dead letters are safe before the offsets move past their records.
  if (auto put = aside.put(batch, report.rejected); !put) {
    return PgFailure{put.error(), ""};
  }
  if (const PgStored moved = store(std::span<const Row>{}, batch.progress); !moved) {
    return moved;
  }
  return written;
}

}  // namespace freshet
