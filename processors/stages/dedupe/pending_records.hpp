#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "processors/record/work.hpp"
#include "processors/state/record_codec.hpp"

namespace freshet {

/// The records that a batch has written so far, by key: packed at once, while they are at hand, so
/// that a batch needs less than half of the memory and the state gets them as it keeps them.
class PendingRecords {
 public:
  void set(std::string_view key, std::string_view json);
  /// Puts the record in the place of what `json` holds. False where the batch has written none.
  bool find(std::string_view key, std::string& json) const;
  /// As RecordCodec packs them, in no order.
  const std::unordered_map<std::string_view, std::string_view>& packed() const { return packed_; }
  bool empty() const { return packed_.empty(); }
  void clear();

 private:
  RecordCodec codec_;
  Arena arena_{256UL * 1024};
  std::unordered_map<std::string_view, std::string_view> packed_;
};

}  // namespace freshet
