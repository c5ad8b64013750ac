#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "producers/fetch.hpp"

namespace freshet::declared {

/// What a rule reads from.
struct Scope {
  const json::value& item;                          ///< the raw record
  const json::value& element;                       ///< of its list of works, or the raw record
  const std::map<std::string, json::value>& named;  ///< results of `[let]`
  Fetch* fetch = nullptr;                           ///< for rules that ask the source
};

/// How a value is made of a raw record. Immutable after it was read.
class Rule {
 public:
  Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  virtual ~Rule() = default;

  /// @return null where there is nothing to say. Never throws on values of an unexpected type.
  virtual json::value evaluate(const Scope& scope) const = 0;
};

using RulePtr = std::unique_ptr<Rule>;

/// A value as text: texts and numbers; empty for all else.
std::string text_of(const json::value& value);

/// `/a/b`, `item:/a/b`, `$name/a/b`. @return null: it is no pointer.
RulePtr make_pointer(std::string_view text);

/// A name of a function, its further options, and how it is made. The options are in the order of
/// `options`; one that was not given is empty.
struct Function {
  std::string_view name;
  std::string_view argument;  ///< what stands behind `name =`: `rule`, `rules`, `text`, `value`
  std::vector<std::string_view> options;  ///< names of further keys; `!` before those that must be
  std::string_view meaning;               ///< for documentation
  struct Arguments {
    std::vector<RulePtr> rules;
    json::value value;
    std::map<std::string, json::value> options;
    RulePtr then;  ///< the option `then` or `take`, which is a rule
  };
  RulePtr (*make)(Arguments arguments);
};

/// Every function, by name.
const std::vector<Function>& functions();

}  // namespace freshet::declared
