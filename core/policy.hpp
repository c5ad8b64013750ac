#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/policy_rules.hpp"

namespace freshet {

/// The rules in force: an immutable snapshot that threads share.
class Policy {
 public:
  /// The rule under this key; nothing where it is as shipped.
  template <class Rule>
  const Rule* find(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : std::get_if<Rule>(&found->second->rule);
  }
  const std::map<std::string, std::shared_ptr<const PolicyValue>, std::less<>>& values() const {
    return values_;
  }
  /// Versions by key, also of rules that were taken back.
  const std::map<std::string, std::int64_t, std::less<>>& versions() const { return versions_; }
  /// The version of the value in force, or of the message that took it back; 0: the topic has
  /// nothing about this key. No two values of a rule have the same version.
  std::int64_t version_of(std::string_view key) const;
  /// Greatest version of any rule; 0: everything is as shipped.
  std::int64_t version() const { return version_; }

 private:
  friend class PolicyLog;
  std::map<std::string, std::shared_ptr<const PolicyValue>, std::less<>> values_;
  std::map<std::string, std::int64_t, std::less<>> versions_;
  std::int64_t version_ = 0;
};

/// What policy says of one source, whatever its case.
struct SourceSaid {
  std::string name;  ///< as in the key
  std::shared_ptr<const PolicyValue> value;
};
/// What the `source:` rules say of sources, by folded name. If there are rules for several
/// spellings of one name, the newest holds.
std::map<std::string, SourceSaid, std::less<>> sources_said(const Policy& policy);

/// The version for a message that is to be newer than everything in `policy`.
std::int64_t next_policy_version(const Policy& policy, UtcTime now);

}  // namespace freshet
