#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/commands.hpp"
#include "core/kafka/message.hpp"
#include "core/time.hpp"
#include "operate/dead_letter_log.hpp"
#include "operate/dead_letters.hpp"

namespace freshet {

/// Which dead letters are meant; what is empty does not choose.
struct DeadLetterFilter {
  std::string reason{};
  std::string step{};
  std::string source{};  ///< provider
  std::string key{};     ///< whole, or its beginning and `*`
  std::string topic{};   ///< where the original came from
  std::optional<UtcTime> since{};
  std::optional<UtcTime> until{};
  std::optional<std::int32_t> partition{};
  std::optional<std::int64_t> offset{};
  bool is_handled_too = false;  ///< also those that were redriven or discarded

  bool chooses() const;
  /// Everything but whether it was handled.
  bool takes(const DeadLetterLine& line) const;
};

/// The options of a command that chooses dead letters.
struct DeadLetterOptions {
  DeadLetterFilter filter;
  std::string since;
  std::string until;
  bool all = false;

  /// The filter with its times read. @error StartupError
  DeadLetterFilter read() const;
};
/// Adds `--reason`, `--step`, `--source`, `--key`, `--topic`, `--since` and `--until`.
void add_dead_letter_options(CLI::App& command, DeadLetterOptions& options);
/// Adds the two numbers of column AT.
void add_dead_letter_place(CLI::App& command, DeadLetterOptions& options);

/// Hands over every dead letter that the filter takes, by partition and offset.
/// @param take  with the line, whose `state` is filled in; false ends the reading.
/// @error WorkFailed
void scan_dead_letters(const Context& context, const DeadLetterFilter& filter,
                       const DeadLetterLog& log,
                       const std::function<bool(DeadLetterLine&, const kafka::Message&)>& take);

/// The newest `limit` of those that the filter takes, newest first; of those that were handled only
/// where the filter takes these, too. @error WorkFailed
std::vector<DeadLetterLine> read_newest_dead_letters(const Context& context,
                                                     const DeadLetterFilter& filter,
                                                     const DeadLetterLog& log, std::size_t limit);

/// Counts by reason, source and day.
class DeadLetterSummary {
 public:
  void add(const DeadLetterLine& line);
  std::string table() const;
  std::string json() const;

 private:
  struct Place {
    std::string reason{};
    std::string source;
    std::string day;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Counts {
    std::int64_t open = 0;
    std::int64_t redriven = 0;
    std::int64_t discarded = 0;
  };
  std::map<Place, Counts> counts_;
};

}  // namespace freshet
