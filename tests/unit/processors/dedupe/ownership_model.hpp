#pragma once

#include <map>
#include <string>
#include <vector>

#include "reference_model.hpp"

namespace freshet::reference {

/// What each of several works must be, as a function of the set of all their events: who owns the
/// URL that it has now, and its status by that.
struct Ownership {
  std::string status;
  std::string duplicate_of;  ///< empty: none
};

/// @param events  by work key. Works share a URL where `plain_url` says so.
std::map<std::string, Ownership> expect_owners(
    const std::map<std::string, std::vector<Event>>& events);

/// What is left of a URL when scheme, default port, host case, fragment and tracking parameters
/// are not looked at; for the forms that the tests use.
std::string plain_url(std::string url);

}  // namespace freshet::reference
