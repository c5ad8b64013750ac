#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/policy.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace freshet {

/// A message of `media.policy.v1`.
struct PolicyMessage {
  std::string_view key;
  std::optional<std::string_view> value;    ///< nothing: back to what is shipped
  std::optional<std::string_view> schema;   ///< header `schema`
  std::optional<std::string_view> version;  ///< header `version` of one without a value
  UtcTime appended;                         ///< the broker's append time
  std::int64_t offset = 0;
};

/// The newest message of a key is not what is in force: it cannot be used, its version is older
/// than that of the value before it, or it knows less about removals. Compaction will keep only
/// that message, so the value in force has to be written again.
struct PolicyFault {
  std::string key;
  std::int64_t offset = 0;
  std::optional<Error> error;  ///< nothing: usable
  std::optional<std::string> bytes;
  std::optional<std::string> schema;  ///< its header `schema`
  /// What is to be written: the value as it was, or for removals a value with everything that was
  /// said. Nothing: no value, the rule is as shipped.
  std::optional<std::string> in_force;
  std::int64_t version = 0;  ///< of what is in force
};

/// Takes the messages of the topic in their order.
class PolicyLog {
 public:
  /// @return why the message cannot be used: the earlier value stays in force.
  std::optional<Error> apply(const PolicyMessage& message);
  const Policy& policy() const { return policy_; }
  /// By key. A key goes as soon as its value in force has been written again.
  const std::map<std::string, PolicyFault, std::less<>>& faults() const { return faults_; }

 private:
  std::optional<Error> take_value(const PolicyMessage& message);
  void take_back(const PolicyMessage& message);
  void note_fault(const PolicyMessage& message, std::optional<Error> error);

  Policy policy_;
  std::map<std::string, std::string, std::less<>> bytes_;  // of the values in force
  std::map<std::string, PolicyFault, std::less<>> faults_;
};

}  // namespace freshet
