#include "processors/extract/page_batch.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace freshet {
namespace {

constexpr std::int64_t kMostLength = 64 << 20;  // of a gzip member that is fetched

PageResult dropped(std::string provider, ExtractDrop reason) {
  PageResult result{.provider = std::move(provider)};
  result.totals.add("received");
  result.totals.add("dropped." + std::string{to_string(reason)});
  return result;
}

PageResult rejected(std::string provider, const Error& error) {
  PageResult result{.provider = std::move(provider), .rejected = error};
  result.totals.add("received");
  result.totals.add("dead_lettered." + std::string{to_string(error.errc())});
  return result;
}

bool is_gone(const Error& error) {
  return error.errc() == Errc::http_status &&
         (error.rule() == "403" || error.rule() == "404" || error.rule() == "410");
}

}  // namespace

Result<std::string> ArchiveRecords::fetch(const CrawledPage& page) {
  return archive_.read_range(page.warc_path(), static_cast<std::uint64_t>(page.content_offset),
                             static_cast<std::uint64_t>(page.deflate_length));
}

std::optional<PageResult> extract_record(std::string_view value, RecordSource& source,
                                         std::string& why_not) {
  const auto page = parse_page(value);
  if (!page) {
    return rejected("common_crawl", page.error());
  }
  std::string provider = provider_of(*page);
  if (const auto drop = judge_page(*page)) {
    return dropped(std::move(provider), *drop);
  }
  if (page->content_offset < 0 || page->deflate_length <= 0 || page->deflate_length > kMostLength) {
    return rejected(std::move(provider), Error{Errc::invalid_value, "deflate_length", "range",
                                               "the place of the record is no range of a file"});
  }
  const auto fragment = source.fetch(*page);
  if (!fragment) {
    const auto error = fragment.error();
    if (is_gone(error)) {
      return dropped(std::move(provider), ExtractDrop::record_gone);
    }
    if (error.errc() == Errc::malformed_payload || error.errc() == Errc::http_status ||
        error.errc() == Errc::too_large || error.errc() == Errc::invalid_value) {
      if (error.retry() == Retry::never) {
        return rejected(std::move(provider), error);
      }
    }
    why_not = error.message();
    return std::nullopt;
  }
  auto outcome = extract_page(*page, *fragment);
  if (!outcome) {
    return rejected(std::move(provider), outcome.error());
  }
  if (outcome->sightings.empty()) {
    return dropped(std::move(provider),
                   outcome->incomplete > 0 ? ExtractDrop::missing_field : ExtractDrop::no_picture);
  }
  PageResult result{.provider = std::move(provider), .sightings = std::move(outcome->sightings)};
  result.totals.add("received");
  result.totals.add("extracted");
  result.totals.add("emitted", static_cast<std::int64_t>(result.sightings.size()));
  if (outcome->incomplete > 0) {
    result.totals.add("incomplete", outcome->incomplete);
  }
  return result;
}

std::vector<std::optional<PageResult>> PageBatch::extract(
    const std::vector<std::string_view>& values) {
  std::vector<std::optional<PageResult>> results(values.size());
  why_not_.clear();
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(sources_.size(), values.size()); ++i) {
      threads.emplace_back([&, i] {
        for (std::size_t at = next++; at < values.size(); at = next++) {
          std::string why_not;
          results[at] = extract_record(values[at], *sources_[i], why_not);
          if (!results[at]) {
            const std::lock_guard lock{mutex};
            why_not_ = why_not;
          }
        }
      });
    }
  }  // joined
  return results;
}

}  // namespace freshet
