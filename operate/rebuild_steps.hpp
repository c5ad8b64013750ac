#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/json.hpp"
#include "operate/rebuild.hpp"

namespace freshet {

// What rebuilds of both stores do alike.

std::vector<std::string> media_types(const RebuildFlags& flags);

/// Prints the differences on standard error.
/// @param made  what would be taken into use, in words
/// @error WorkFailed: there are some, and nobody says that they do not matter.
void pass_gate(const std::vector<std::string>& differences, const RebuildFlags& flags,
               const std::string& made);

/// `{"by","why","at","differences"}`: what is kept of a promotion by hand.
json::object promotion(const PolicyAuthor& author, const std::vector<std::string>& differences);

/// Deletes consumer groups of fillings: their offsets would let another one begin in the middle.
/// One that cannot be deleted is logged.
void forget_groups(const Config::Kafka& config, const std::set<std::string>& groups);

void print_dropped(const std::vector<std::string>& names, bool as_json);

}  // namespace freshet
