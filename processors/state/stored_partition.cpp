#include "processors/state/stored_partition.hpp"

namespace freshet {

void StoredPartition::keep_sums(EncodedSums sums) {
  for (auto& [name, value] : sums) {
    unwritten_sums_.insert_or_assign(std::move(name), std::move(value));
  }
}

// A position that is past sums which are not on disk would lose them.
void StoredPartition::write(
    const std::vector<std::pair<std::string_view, std::string_view>>& records, RecordForm form) {
  store_->write(records, form, {unwritten_sums_.begin(), unwritten_sums_.end()}, positions_);
  unwritten_sums_.clear();
}

void StoredPartition::write_kept_sums() {
  if (!unwritten_sums_.empty()) {
    write({}, RecordForm::json);
  }
}

void StoredPartition::clear() {
  store_->clear();
  positions_ = {};
  unwritten_sums_.clear();
}

}  // namespace freshet
