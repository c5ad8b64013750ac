#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace freshet::simulate {

enum class Fate { dead_lettered, dropped, created };

/// A way for a record to be bad, and what must become of it.
struct DirtyKind {
  std::string_view name;
  Fate fate;
  std::string_view reason;  ///< name of the Errc or of the drop reason
  bool is_in_header;        ///< the value alone is sound
};

/// All kinds. Each bad record has an identity of its own, so that it touches no work.
std::span<const DirtyKind> dirty_kinds();

struct DirtyRecord {
  std::string& key;    ///< to be filled
  std::string& value;  ///< holds the envelope up to `"work":`
  std::string_view schema;
};

/// Writes bad record `number` of a kind.
/// @param which  position of the kind in `dirty_kinds()`.
void append_dirty(DirtyRecord& record, std::size_t which, std::uint64_t number);

}  // namespace freshet::simulate
