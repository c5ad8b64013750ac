#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/crawl/page.hpp"
#include "core/http/http_client.hpp"
#include "core/time.hpp"
#include "producers/output.hpp"
#include "producers/runner.hpp"

namespace freshet {

/// Under what the crawl's records are counted, and part of the name of its runs.
inline constexpr std::string_view kCommonCrawl = "common_crawl";

/// Where pages of one worker go: to the topic, standard output, or a test's memory.
/// An error of any of these ends the run: results must not be lost.
/// @thread_safety  One thread each.
class PageOutput {
 public:
  PageOutput() = default;
  PageOutput(const PageOutput&) = delete;
  PageOutput& operator=(const PageOutput&) = delete;
  virtual ~PageOutput() = default;

  /// @error Errc::too_large, Retry::never: the page does not fit in its topic, and is to be
  ///        rejected.
  virtual Result<void> page(const CrawledPage& page) = 0;
  virtual Result<void> rejection(const Rejection& rejection) = 0;
  /// Waits until everything before was acknowledged.
  virtual Result<void> flush() = 0;
};

enum class CrawlFiles { wat, warc };

struct CrawlOptions {
  std::string base;                ///< of the archive: URL or folder
  std::string index;               ///< `CC-MAIN-2018-13`; empty: `files` says all
  std::vector<std::string> files;  ///< on disk, or below `base`
  CrawlFiles kind = CrawlFiles::wat;
  int workers = 1;
  /// Of several processes, each a share: this one reads the files number `shard` - 1 modulo
  /// `shards`.
  int shard = 1;
  int shards = 1;
  std::optional<std::int64_t> limit;  ///< pages emitted
  bool restart = false;
};

/// What a run needs from outside. All of it outlives the run. The functions are called from the
/// workers' threads.
struct CrawlParts {
  std::function<std::unique_ptr<http::HttpClient>()> make_client;
  std::function<std::unique_ptr<PageOutput>()> make_output;
  Output& state;  ///< for the run's state and sums
  const Clock& clock;
  std::stop_token stop{};
  std::function<void(const Refusal&)> on_refusal{};         ///< one at a time; may be null
  std::function<void(const Totals& counts)> on_progress{};  ///< one at a time; may be null
};

/// Reads a crawl: emits a page for each that links to a Creative Commons licence.
///
/// Workers take the files in their order, one each. A file counts as done, with its sums, when its
/// pages are acknowledged; a run that is interrupted goes on with the files that are not done. A
/// page may be emitted twice, but is counted once.
///
/// A file that cannot be read is left for the next run, and the others go on. Ten in a row end the
/// run.
///
/// @throws StartupError  the crawl is not there. RefusedError: another run of it goes on.
/// @return outcome `finished` when every file is done.
RunState run_crawl(const CrawlOptions& options, const CrawlParts& parts);

/// Name of the runs in `producer.state.v1`: `common_crawl CC-MAIN-2018-13`, with a share behind it
/// where there are several. Runs over local files have no state to resume: `common_crawl files`.
std::string crawl_run_name(const CrawlOptions& options);

}  // namespace freshet
