#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "sinks/sink.hpp"

namespace freshet {

/// Rows of the tables `image` and `audio`, and the offsets they take the topic to, in one
/// transaction (schemas/postgres).
///
/// The offsets in the database are the truth: they move together with the rows, and only from where
/// this batch began. So if two processes both think that they own a partition, one wins, and the
/// other reads the database's offsets anew (Errc::fenced). Nor can a late writer move an offset
/// forward that a replay set back.
struct PostgresOptions {
  std::string dsn;
  std::string group;  ///< `sink_offsets.sink`
  std::string topic;  ///< `sink_offsets.topic`; both with the prefix
  std::stop_token stop;
};

std::unique_ptr<Sink> make_postgres_sink(PostgresOptions options);

}  // namespace freshet
