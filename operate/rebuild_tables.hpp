#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/postgres/connection.hpp"

namespace freshet {

/// The tables of works in use, those that are filled, and those that were in use before. Schemas
/// say which is which, so that a rebuild that was killed is found again: `<home>_filling` has
/// tables until they are taken into use and the offsets of the filling until it is done,
/// `<home>_previous` has what was in use before, with the offsets up to which it is complete.
///
/// All that it does is done by one session that holds an advisory lock.
/// @error StartupError: PostgreSQL does not answer in time. WorkFailed: it says no. RefusedError:
///        another rebuild runs.
class RebuildTables {
 public:
  /// @param topic       that the works are read from, with the prefix
  /// @param live_group  consumer group of the sink, with the prefix
  /// @param group       that of the filling
  RebuildTables(const std::string& dsn, std::string topic, std::string live_group,
                std::string group, std::stop_token stop);

  struct State {
    bool is_under_way = false;          ///< offsets of a filling are there
    std::vector<std::string> filling;   ///< media types whose new table is not in use yet
    std::vector<std::string> previous;  ///< media types whose former table is kept
  };
  State state();

  /// Makes empty tables with the columns, constraints, indexes, storage settings, owner and rights
  /// of those in use.
  /// @error RefusedError: those have what would be lost, such as a trigger.
  void create(const std::vector<std::string>& media_types);
  /// DSN of a sink that writes into the tables that are filled, once these are in use into them
  /// there, and keeps its offsets with them.
  std::string filling_dsn();
  void analyze(const std::vector<std::string>& media_types);
  /// Takes the filled tables into use in one transaction; views that read the tables read the new
  /// ones from then on. Those that were in use become the previous ones.
  /// @param note  kept as the comment of the table; empty: none
  void swap(const std::vector<std::string>& media_types, const std::string& note);
  /// The same with the previous ones, which are then filled from where they are complete.
  void swap_back(const std::vector<std::string>& media_types);
  /// The filling is done.
  void forget_filling();
  /// Deletes tables that are not in use. @return their names.
  std::vector<std::string> drop();

  /// Live works of each source in the table in use and in the filled one, in one snapshot.
  struct Counts {
    std::map<std::string, std::int64_t> live;
    std::map<std::string, std::int64_t> made;
  };
  Counts count(const std::string& media_type);

  /// A work of a random sample.
  struct Drawn {
    std::string identifier;
    std::optional<std::int64_t> live_revision;  ///< nothing: it has no row there
    std::optional<std::int64_t> made_revision;
    bool is_same = false;  ///< all columns are equal
  };
  /// About `size` works from each of the two tables, in one snapshot.
  std::vector<Drawn> sample(const std::string& media_type, int size);

 private:
  template <class Work>
  auto in_transaction(std::chrono::milliseconds limit, Work work);
  /// Calls `work` in a transaction that alone has the tables in use and those of `other`.
  template <class Work>
  void while_locked(const std::vector<std::string>& media_types, const std::string& other,
                    Work work);
  void move(pqxx::work& work, const std::vector<std::string>& media_types);
  void make_offsets(pqxx::work& work, const std::string& schema) const;
  std::string in_use(const std::vector<std::string>& media_types) const;
  std::string lock_statement(pqxx::work& work, const std::vector<std::string>& media_types,
                             const std::string& other) const;

  const std::string dsn_;
  const std::string topic_;
  const std::string live_group_;
  const std::string group_;
  const std::stop_token stop_;
  postgres::Connection connection_;
  std::string name_;      ///< schema of the tables in use
  std::string home_;      ///< the same as SQL text
  std::string filling_;   ///< `<home>_filling`, as SQL text
  std::string previous_;  ///< `<home>_previous`, as SQL text
};

}  // namespace freshet
