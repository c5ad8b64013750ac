#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/check.hpp"
#include "producers/declared/rule.hpp"
#include "producers/provider.hpp"

namespace freshet::declared {

/// How a list goes on.
enum class PagingKind { page, offset, cursor, next_link, one_list };

struct PagingRules {
  PagingKind kind = PagingKind::one_list;
  std::string parameter;       ///< of page, offset or cursor
  std::string size_parameter;  ///< empty: the page size is not asked for
  std::int64_t first = 0;
  std::string next;       ///< JSON pointer: cursor, or link
  std::string more;       ///< JSON pointer: go on while it is not empty
  std::string last_page;  ///< JSON pointer: number of pages
};

/// A condition that a record must meet.
struct Requirement {
  RulePtr value;
  std::vector<json::value> one_of;  ///< empty: not empty
  ProducerDrop drop = ProducerDrop::no_image;
};

using NamedRule = std::pair<std::string, RulePtr>;

/// A provider as a file says it.
struct Declaration {
  ProviderSpec spec;
  MediaType media_type = MediaType::image;
  PagingRules paging;
  Params parameters;           ///< of every list request
  std::vector<Params> sets;    ///< the loop runs once for each
  std::string from_parameter;  ///< of a dated run: that day …
  std::string to_parameter;    ///< … and the next one
  RulePtr once;                ///< records with a value that was there before are dropped
  std::string each;            ///< JSON pointer: a list of works in a record; empty: it is one
  std::vector<NamedRule> named;
  std::vector<Requirement> requirements;          ///< of each record
  std::vector<Requirement> element_requirements;  ///< of each of its works
  std::vector<NamedRule> fields;
  std::vector<NamedRule> meta_data;
  json::object source;  ///< its row for `policy set sources`
};

/// Reads a declaration from a TOML text.
/// @param name  of the file, for the faults.
/// @throws StartupError  names every fault at once, each as `file:line: what`.
Declaration read_declaration(std::string_view text, const std::string& name);
/// The same from a file.
Declaration read_declaration_file(const std::string& path);

/// What runs a declaration.
std::unique_ptr<Provider> make_declared_provider(Declaration declaration);
/// Likewise, for several runs of one declaration.
std::unique_ptr<Provider> make_declared_provider(std::shared_ptr<const Declaration> declaration);

}  // namespace freshet::declared
