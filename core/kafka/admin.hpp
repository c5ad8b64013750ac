#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/kafka/types.hpp"
#include "core/result.hpp"
#include "core/topics.hpp"

namespace freshet::kafka {

struct TopicState {
  std::string name;
  int partitions = 0;
  int replication_factor = 0;
  std::map<std::string, std::string> configs;  ///< every config in force
};

struct GroupState {
  std::string group;
  std::string state;  ///< Stable, Empty, Dead, PreparingRebalance …
  int members = 0;
};

/// Administration of topics and groups, over a handle of its own. A request waits up to 15 s for
/// the brokers.
class Admin {
 public:
  explicit Admin(const Config::Kafka& config);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  /// Whether a broker answers within `timeout`. @error Errc::unreachable, with a text that is fit
  /// to end a start.
  Result<void> reachable(std::chrono::milliseconds timeout);
  /// Creates what is missing and waits until its metadata is known; existing topics are left alone.
  /// @return names created.
  Result<std::vector<std::string>> create_topics(const std::vector<TopicSpec>& specs);
  /// Topics of these names that exist.
  Result<std::vector<TopicState>> describe_topics(const std::vector<std::string>& names);
  Result<void> delete_topics(const std::vector<std::string>& names);
  Result<GroupState> describe_group(const std::string& group);
  /// Committed offsets of a group; partitions without one are absent.
  Result<std::map<TopicPartition, Offset>> group_offsets(
      const std::string& group, const std::vector<TopicPartition>& partitions);
  /// What was committed beside the offsets (`Consumer::set_commit_note`); partitions without a note
  /// are absent.
  Result<std::map<TopicPartition, std::string>> group_notes(
      const std::string& group, const std::vector<TopicPartition>& partitions);
  /// @error Errc::store_refused, Retry::never while the group has members.
  Result<void> set_group_offsets(const std::string& group,
                                 const std::vector<TopicPartitionOffset>& offsets);
  /// Forgets a group and its offsets; one that is not there is no error.
  /// @error Errc::store_refused, Retry::never while the group has members.
  Result<void> delete_group(const std::string& group);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::kafka
