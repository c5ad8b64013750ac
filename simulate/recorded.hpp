#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "simulate/exchanges.hpp"

namespace freshet::simulate {

/// Answers of a mirror server from recorded cases, and a report of the requests that had no exact
/// match.
///
/// One case is mounted at `/`, several each at `/<provider>/<case>/`. One thread at a time.
class RecordedCases {
 public:
  /// @param cases  `provider/case`; empty: all there are.
  /// @error RefusedError: unknown case. StartupError: files that cannot be read.
  RecordedCases(const std::filesystem::path& directory, const std::vector<std::string>& cases);

  /// `GET /.report` answers with the report so far; no provider's host starts with a dot.
  Reply handle(const Request& request);

  /// JSON object: `requests`, `exact`, `otherwise`, `head` (counts), `nearest` and `unanswered`
  /// (lists; the same request stands once, with its `count`).
  std::string report() const;

  std::size_t size() const noexcept { return mounted_.size(); }

 private:
  struct Loose {
    std::string recorded;
    std::vector<std::string> differences;
    std::uint64_t count = 0;
  };
  using Asked = std::pair<std::string, std::string>;  ///< case; method and URL

  Reply answer(const std::string& name, const Exchanges& exchanges, const Request& request,
               std::string_view target);

  std::map<std::string, Exchanges, std::less<>> mounted_;
  std::map<Match, std::uint64_t> counts_;
  std::map<Asked, Loose> nearest_;
  std::map<Asked, Loose> unanswered_;
};

}  // namespace freshet::simulate
