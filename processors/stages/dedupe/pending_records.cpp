#include "processors/stages/dedupe/pending_records.hpp"

#include "core/check.hpp"
#include "processors/record/json_text.hpp"

namespace freshet {

void PendingRecords::set(std::string_view key, std::string_view json) {
  const std::string_view packed = copy_to(arena_, codec_.pack(json));
  if (const auto found = packed_.find(key); found != packed_.end()) {
    found->second = packed;
  } else {
    packed_.emplace(copy_to(arena_, key), packed);
  }
}

bool PendingRecords::find(std::string_view key, std::string& json) const {
  const auto found = packed_.find(key);
  if (found == packed_.end()) {
    return false;
  }
  FRESHET_CHECK(RecordCodec::unpack(found->second, json));
  return true;
}

void PendingRecords::clear() {
  packed_.clear();
  arena_.release();
}

}  // namespace freshet
