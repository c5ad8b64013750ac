#pragma once

#include <optional>
#include <string>

#include "core/json.hpp"
#include "operate/cluster.hpp"

namespace freshet {

/// The indexes of one media type: the one in use, the one that is being filled, and the one that
/// was in use before. Aliases say which is which, so that a rebuild that was killed is found again.
class RebuildIndexes {
 public:
  /// Goes before the index prefix: aliases `<this><prefix>image-write` lead to what is filled.
  static constexpr const char* kFilling = "rebuild-";

  RebuildIndexes(Cluster& cluster, std::string index_prefix, std::string media_type);

  const std::string& media_type() const { return media_type_; }
  /// @error WorkFailed: none, or several.
  std::string in_use() const;
  std::optional<std::string> filling() const;
  std::optional<std::string> previous() const;
  /// What follows `<prefix><media type>-` in an index's name.
  std::string suffix(const std::string& index) const;

  /// Whether there is an index with this suffix, whatever it serves.
  bool exists(const std::string& suffix) const;

  /// Makes an empty index that is being filled: without refreshes, which cost and serve nobody.
  /// @param shards, replicas  below 1 and 0: as the index in use
  std::string create(const std::string& suffix, int shards, int replicas);
  /// Lets an existing index be filled.
  void fill_again(const std::string& index);
  void refresh_as_shipped(const std::string& index);
  /// Takes `made` into use, in one step; the other becomes the previous one.
  void swap(const std::string& used, const std::string& made);
  void stop_filling(const std::string& index);
  void note_promotion(const std::string& index, const json::object& note);
  void drop(const std::string& index);

 private:
  std::optional<std::string> only_behind(const std::string& alias) const;
  void change(const json::array& actions);

  Cluster& cluster_;
  std::string prefix_;
  std::string media_type_;
  std::string alias_;
};

}  // namespace freshet
