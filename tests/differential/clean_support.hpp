#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "processors/clean/cleaner.hpp"
#include "processors/clean/rules.hpp"

namespace freshet::test {

/// What became of a sighting: the cleaned work, or `dropped` / `rejected` with its reason.
struct Outcome {
  std::string result;  ///< `written`, `dropped`, `rejected`
  boost::json::object work;
  std::string why;
};

/// Cleans, cleans the result again (which must change nothing), and reads the result back.
Outcome clean_json(const boost::json::object& work, const CleanRules& rules = {});

/// The JSON text of a value in which `{"$float": "inf"}` stands for what JSON cannot hold: infinity
/// becomes 1e999, NaN the text `nan`.
std::string to_sighting_json(const boost::json::value& value);

/// A sighting that passes; a test replaces what it is about.
boost::json::object plain_sighting(std::string_view media_type = "image");

/// The text that a file's text stands for: every doubled backslash is one.
std::string halve_backslashes(std::string_view text);

/// Tags as newer states of the original keep them: each once, in one order; an empty list is null.
boost::json::value in_order(const boost::json::value& tags);

}  // namespace freshet::test
