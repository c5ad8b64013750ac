#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "processors/claim_store.hpp"

namespace freshet {

/// Families of an open database, by name.
class RocksFamilies {
 public:
  RocksFamilies() = default;
  RocksFamilies(const RocksFamilies&) = delete;
  RocksFamilies& operator=(const RocksFamilies&) = delete;
  virtual ~RocksFamilies() = default;
  virtual rocksdb::DB& database() = 0;
  /// Created where it is not there yet.
  virtual rocksdb::ColumnFamilyHandle* family(const std::string& name) = 0;
  /// The same, emptied.
  virtual rocksdb::ColumnFamilyHandle* renew(const std::string& name) = 0;
};

/// Whether a family holds claims, and what is then different from a family of works.
bool is_claims_family(const std::string& name);
void set_claims_options(rocksdb::ColumnFamilyOptions& options);

std::unique_ptr<PartitionClaims> open_rocks_claims(RocksFamilies& families, std::int32_t number);

}  // namespace freshet
