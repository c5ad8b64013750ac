#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/crawl/archive.hpp"
#include "core/crawl/page.hpp"
#include "core/result.hpp"
#include "core/totals.hpp"
#include "processors/extract/extract_page.hpp"

namespace freshet {

/// Where page records come from: an archive, or a test's memory.
/// @thread_safety  One thread each.
class RecordSource {
 public:
  RecordSource() = default;
  RecordSource(const RecordSource&) = delete;
  RecordSource& operator=(const RecordSource&) = delete;
  virtual ~RecordSource() = default;
  /// @error as `Archive::read_range`.
  virtual Result<std::string> fetch(const CrawledPage& page) = 0;
};

class ArchiveRecords final : public RecordSource {
 public:
  ArchiveRecords(const std::string& base, std::unique_ptr<http::HttpClient> client)
      : client_{std::move(client)}, archive_{base, *client_} {}
  Result<std::string> fetch(const CrawledPage& page) override;

 private:
  std::unique_ptr<http::HttpClient> client_;
  Archive archive_;
};

/// What a batch makes of one record of `media.pages.v1`.
struct PageResult {
  std::string provider;  ///< under whose name it is counted
  std::vector<ExtractedSighting> sightings{};
  std::optional<Error> rejected{};  ///< to be put aside
  Totals totals{};                  ///< received and what became of it
};

/// Turns page records into sightings, several at a time.
/// @thread_safety  One thread calls; it has threads of its own during a call.
class PageBatch {
 public:
  /// @param sources  one for each fetch at a time; at least one. They outlive this.
  explicit PageBatch(std::vector<std::unique_ptr<RecordSource>> sources)
      : sources_{std::move(sources)} {}

  /// @param values  of records.
  /// @return a result for each, in their order; nothing for those that could not be fetched for
  /// now.
  ///         `why_not` then says why.
  std::vector<std::optional<PageResult>> extract(const std::vector<std::string_view>& values);
  const std::string& why_not() const noexcept { return why_not_; }

 private:
  std::vector<std::unique_ptr<RecordSource>> sources_;
  std::string why_not_;
};

/// One record. Nothing: it cannot be fetched for now; `why_not` says why.
std::optional<PageResult> extract_record(std::string_view value, RecordSource& source,
                                         std::string& why_not);

}  // namespace freshet
