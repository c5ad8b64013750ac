#pragma once

#include <rocksdb/options.h>

#include <cstdint>
#include <memory>

#include "processors/state/claim_store.hpp"
#include "processors/state/rocks_range.hpp"

namespace freshet {

/// What is different in the family that holds the claims of all partitions.
void set_claims_options(rocksdb::ColumnFamilyOptions& options);

std::unique_ptr<PartitionClaims> open_rocks_claims(RocksFamily family, std::int32_t number);

}  // namespace freshet
