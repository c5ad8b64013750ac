#pragma once

#include <memory>
#include <string>

#include "producers/provider.hpp"

namespace freshet {

/// Which repository is harvested, and how.
struct OaiOptions {
  std::string base{};             ///< address that requests go to
  std::string set{};              ///< empty: everything
  std::string format = "oai_dc";  ///< metadataPrefix: oai_dc, edm, mods or one of these schemas
  std::string name{};             ///< of its records; empty: of host and set
  std::string from{};             ///< datestamp, empty: no bound
  std::string until{};
  std::chrono::milliseconds delay{1'000};
};

/// Harvests a repository by OAI-PMH: Dublin Core, EDM or MODS, told apart by what a record holds.
///
/// Pages go on by resumption tokens. With a date it reads what changed on that day. Deleted records
/// are said to be removed. A record becomes works for the pictures and sounds that it has addresses
/// of; its licence is what its statements of rights mean (producers/rights.hpp).
/// @throws StartupError  the base is no web address.
/// @source  Open Archives Initiative Protocol for Metadata Harvesting, 2.0.
std::unique_ptr<Provider> make_oai_pmh(OaiOptions options);

}  // namespace freshet
