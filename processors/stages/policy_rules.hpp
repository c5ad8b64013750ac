#pragma once

#include <memory>
#include <mutex>

#include "core/kafka/policy_reader.hpp"
#include "processors/stages/dedupe/rules.hpp"

namespace freshet {

/// The rules of one state of policy, shared by the loops of a process.
struct RuleSet {
  std::shared_ptr<const kafka::PolicyReader::State> state;
  DedupeRules rules;
};

/// Makes rules of what the reader has, once per state.
///
/// @thread_safety  All of it.
class PolicyRules {
 public:
  explicit PolicyRules(kafka::PolicyReader& reader) : reader_{reader} {}

  /// The newest. @pre the reader has caught up once.
  std::shared_ptr<const RuleSet> newest();
  kafka::PolicyReader& reader() { return reader_; }

 private:
  kafka::PolicyReader& reader_;
  std::mutex mutex_;
  std::shared_ptr<const RuleSet> newest_;
};

}  // namespace freshet
