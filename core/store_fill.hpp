#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/config.hpp"
#include "core/kafka/types.hpp"
#include "core/key.hpp"
#include "core/result.hpp"

namespace freshet {

/// What a store is filled with, and where it is.
struct FillRequest {
  std::string role;   ///< whose write path is used: `sink.elasticsearch`
  Config config;      ///< as the sink gets it: it says where the store is
  std::string group;  ///< with the prefix: keeps how far the filling is
  std::optional<MediaType> only{};
  /// Where to read from where neither the group nor the store has an offset; else the beginning.
  std::map<kafka::Partition, kafka::Offset> from{};
  int per_second = 0;  ///< 0: as fast as the store takes them
};

/// Fills a store from the catalogue with the write path of its sink, on a thread of its own and
/// without a place in the sink's group. It goes on, also with what is new, until it is destroyed.
/// Its offsets are kept once a second, so that another one with the same group goes on there.
///
/// @thread_safety  All of it.
class StoreFill {
 public:
  StoreFill() = default;
  StoreFill(const StoreFill&) = delete;
  StoreFill& operator=(const StoreFill&) = delete;
  virtual ~StoreFill() = default;

  struct State {
    /// Next offset of each partition: everything before it is in the store. Empty until it reads.
    std::map<kafka::Partition, kafka::Offset> done;
    std::int64_t records = 0;            ///< read so far
    std::int64_t put_aside = 0;          ///< refused by the encoder or the store, for good
    std::optional<std::string> trouble;  ///< why the store does not take them now
    std::optional<Error> failure;        ///< why it ended
  };
  virtual State state() const = 0;
};

/// Handed to `operate/` by `app/`, so that it does not depend on `sinks/`.
using FillFunction = std::function<std::unique_ptr<StoreFill>(const FillRequest&)>;

}  // namespace freshet
