#pragma once

#include <lz4.h>

#include <string>
#include <string_view>

namespace freshet {

/// Catalogue records as the state keeps them: LZ4 with a dictionary of what all of them have in
/// them, so that a record alone comes to less than half of its JSON. Each is packed by itself,
/// once; RocksDB then moves the small bytes through buffer, flush and compactions as they are.
///
/// What was packed with one dictionary cannot be read with another: whoever changes it changes the
/// version of the state too.
class RecordCodec {
 public:
  /// Longest JSON that it packs.
  static constexpr std::size_t kMostBytes = 64U << 20U;

  RecordCodec();

  /// A 32-bit length of the JSON, least byte first, and an LZ4 block.
  /// @return valid until the next call
  std::string_view pack(std::string_view json);

  /// Puts the JSON in the place of what `json` holds. False for bytes that `pack` has not made.
  static bool unpack(std::string_view packed, std::string& json);

 private:
  LZ4_stream_t primed_;  ///< knows the dictionary
  LZ4_stream_t stream_;
  std::string packed_;
};

}  // namespace freshet
