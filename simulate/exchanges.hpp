#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/message.hpp"

namespace freshet::simulate {

/// How a recorded case came to its answer.
enum class Match {
  exact,      ///< same method, host, path and multiset of query pairs as a recorded request
  nearest,    ///< differs from a recorded request only in what does not choose the records
  otherwise,  ///< the case's answer to whatever was not recorded, usually an empty page
  head,       ///< a HEAD that was not recorded: 200 without a length
  none,       ///< 404: nothing is known about this URL
};

struct Answer {
  Match match = Match::none;
  Reply reply;
  std::string recorded;                  ///< the recorded request that answers; for `nearest`
  std::vector<std::string> differences;  ///< names of differing query parameters; for `nearest`
};

/// One recorded request and its reply.
struct Exchange {
  std::string method;
  Location location;
  Reply reply;
};

/// Replies to a URL, whatever its query, that no exchange answers.
struct Otherwise {
  std::string place;  ///< host and path; a trailing `*` stands for any rest
  Reply reply;
};

/// The recorded replies of one case, and the rules by which a request finds its own.
///
/// A request matches a recorded one exactly, or the nearest recorded request of the same method,
/// host and path. Parameters with API keys or signatures may differ, and parameters may be missing
/// on either side, but never those that choose the records or the page.
///
/// Immutable once loaded; any thread may ask.
class Exchanges {
 public:
  /// Reads `<directory>/exchanges/<name>.json` and the bodies that it names.
  /// @param name  `provider/case`
  /// @error RefusedError: no such case. StartupError: not an exchange file, or a body is missing.
  static Exchanges load(const std::filesystem::path& directory, const std::string& name);

  /// Reads the text of an exchange file; bodies are looked up below `directory`.
  /// @error std::exception: not an exchange file, or a body is missing.
  static Exchanges parse(std::string_view text, const std::filesystem::path& directory);

  Answer answer(std::string_view method, const Location& location) const;

  const std::vector<Exchange>& recorded() const noexcept { return exchanges_; }

 private:
  std::vector<std::string> compare(const Exchange& exchange, const Location& asked,
                                   bool& blocked) const;
  bool may_be_absent(const std::string& place, const std::string& name,
                     const std::vector<std::string>& values) const;
  Answer answer_at(std::string_view method, const Location& location) const;
  void find_choosing_parameters(const std::map<std::string, std::vector<std::string>>& next);

  std::string provider_;
  std::vector<Exchange> exchanges_;
  std::vector<Otherwise> otherwise_;
  std::vector<std::pair<std::string, std::string>> aliases_;  ///< newer place, recorded place
  /// Parameters whose values tell recorded requests of one place apart: place to names.
  std::map<std::string, std::set<std::string>> choosing_;
};

/// The cases below `<directory>/exchanges`, as `provider/case`, sorted.
/// @error StartupError: the folder is not there or holds no case.
std::vector<std::string> list_cases(const std::filesystem::path& directory);

}  // namespace freshet::simulate
