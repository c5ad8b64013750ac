#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "tests/support/differences.hpp"

namespace freshet::test {

/// An expected record under our names.
boost::json::object renamed(const boost::json::object& record);

/// Compares cleaned records with the original's by identifier; what has no counterpart is a
/// difference of the whole record.
void compare_item(Differences& differences, const std::string& name,
                  const std::vector<boost::json::object>& expected,
                  std::vector<boost::json::object> actual);

}  // namespace freshet::test
