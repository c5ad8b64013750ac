#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "producers/inaturalist/lookup_table.hpp"

namespace freshet::bulk {

/// What a photo says of the taxon on it.
struct Taxon {
  std::string title;
  std::vector<std::string> tags;  ///< in the original's order; 20 at most
};
std::string pack(const Taxon& taxon);
Taxon unpack_taxon(std::string_view bytes);

/// A vernacular name of a species, and in how many countries it is used.
struct CountedName {
  std::string name;
  std::uint64_t countries = 0;
};

/// Vernacular names by scientific name, put together on disk.
///
/// First every vernacular name is taken, then every usage of a scientific name; then names can be
/// found.
class NameTable {
 public:
  /// @param table  empty; outlives this.
  explicit NameTable(LookupTable& table) : table_{table} {}

  /// A name of a taxon of the Catalogue of Life. A name counts once for a country.
  Result<void> add_vernacular(std::string_view taxon, std::string_view name,
                              std::string_view country);
  /// A taxon of the Catalogue of Life has a scientific name. Several may have the same: their names
  /// are pooled, and counted for each.
  /// @param number  of the usage, different for each.
  Result<void> add_usage(std::string_view taxon, std::string_view scientific_name,
                         std::uint64_t number);

  /// Those used in the most countries first, then by name.
  Result<std::vector<CountedName>> names_of(std::string_view scientific_name) const;

 private:
  LookupTable& table_;
};

/// Which of a taxon's names are its title, and which are tags.
struct TaxonNames {
  std::string title;
  std::vector<std::string> left_over;  ///< sorted; 20 at most
};
/// @param name     scientific.
/// @param found    in the order of `NameTable::names_of`.
TaxonNames choose_names(std::string_view name, const std::vector<CountedName>& found);

/// Title and tags of each taxon, put together on disk: first all taxa are taken, then `finish` goes
/// through them with the names of their ancestors.
class TaxonTable {
 public:
  explicit TaxonTable(LookupTable& table) : table_{table} {}

  /// @param ancestry  ids of ancestors with `/` between them. What is no id, and the id of a taxon
  ///                  that is not in the table, names no ancestor.
  /// @return false: there is such an id already.
  Result<bool> add(std::uint64_t id, std::string_view name, std::string_view ancestry,
                   const NameTable* names);
  Result<void> finish();

  static std::string key(std::uint64_t id) { return number_key('e', id); }

 private:
  LookupTable& table_;
};

}  // namespace freshet::bulk
