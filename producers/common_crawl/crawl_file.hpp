#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>

#include "core/crawl/archive.hpp"
#include "producers/common_crawl/crawl_run.hpp"
#include "producers/common_crawl/wat.hpp"

namespace freshet {

/// What reading one file takes, of one worker.
struct CrawlFileParts {
  const Archive& archive;
  PageOutput& output;
  WatReader& reader;
  std::stop_token stop;
  std::atomic<std::int64_t>* left = nullptr;  ///< pages that may still be emitted; null: any number
  std::function<void(const Refusal&)> on_refusal;  ///< may be null
};

enum class FileEnd { done, stopped, limit };

/// Emits the pages of one file. Counts in `totals`: listed = emitted + Σ dropped + Σ rejected.
/// @error of the source: the file is to be read again. Of the output: with the rule `delivery`.
Result<FileEnd> read_crawl_file(const std::string& path, CrawlFiles kind,
                                const CrawlFileParts& parts, Totals& totals);

}  // namespace freshet
