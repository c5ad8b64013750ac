#include "producers/common_crawl/crawl_file.hpp"

#include <fmt/format.h>

#include "core/crawl/warc_reader.hpp"

namespace freshet {
namespace {

Error delivery_error(const Error& error) {
  return Error{error.errc(), "", "delivery", "delivery failed: " + error.message()};
}

class FileReading {
 public:
  FileReading(const std::string& path, CrawlFiles kind, const CrawlFileParts& parts, Totals& totals)
      : path_{path},
        name_{parts.archive.name_of(path)},
        segment_{segment_of(path)},
        kind_{kind},
        parts_{parts},
        totals_{totals} {}

  Result<FileEnd> run() {
    auto source = parts_.archive.open(path_);
    if (!source) {
      return source.error();
    }
    WarcReader reader{**source};
    for (;;) {
      if (parts_.stop.stop_requested()) {
        return FileEnd::stopped;
      }
      const auto next = reader.next();
      if (!next) {
        return next.error();
      }
      if (*next == WarcReader::Next::end) {
        return FileEnd::done;
      }
      ++number_;
      totals_.add("listed");
      const auto taken = *next == WarcReader::Next::fault
                             ? reject(reader.fault().error, "", reader.fault().bytes)
                             : take(reader.record());
      if (!taken) {
        return taken.error();
      }
      if (is_limit_reached_) {
        return FileEnd::limit;
      }
    }
  }

 private:
  Result<void> take(const WarcRecord& record) {
    const CrawlVerdict verdict = kind_ == CrawlFiles::wat ? parts_.reader.read(record, segment_)
                                                          : read_warc_record(record, path_);
    if (const auto* drop = std::get_if<CrawlDrop>(&verdict)) {
      totals_.add(fmt::format("dropped.{}", to_string(*drop)));
      return {};
    }
    if (const auto* error = std::get_if<Error>(&verdict)) {
      return reject(*error, record.field("warc-target-uri").value_or(""), record.content);
    }
    const auto& page = std::get<CrawledPage>(verdict);
    if (parts_.left != nullptr && parts_.left->fetch_sub(1) <= 0) {
      is_limit_reached_ = true;
      totals_.add("listed", -1);
      return {};
    }
    if (const auto sent = parts_.output.page(page); !sent) {
      const auto error = sent.error();
      return error.errc() == Errc::too_large ? reject(error, page.target_uri, record.content)
                                             : Result<void>{delivery_error(error)};
    }
    totals_.add("emitted");
    return {};
  }

  Result<void> reject(const Error& error, std::string_view identifier, std::string_view bytes) {
    const std::string reason{to_string(error.errc())};
    totals_.add("rejected." + reason);
    if (parts_.on_refusal) {
      parts_.on_refusal({std::string{identifier}, "rejected", reason, error.field(), error.rule()});
    }
    const auto sent = parts_.output.rejection(
        {std::string{kCommonCrawl}, error, std::nullopt, std::string{bytes}, name_, number_});
    return sent ? Result<void>{} : Result<void>{delivery_error(sent.error())};
  }

  const std::string& path_;
  std::string name_;
  std::string segment_;
  CrawlFiles kind_;
  const CrawlFileParts& parts_;
  Totals& totals_;
  std::int64_t number_ = 0;
  bool is_limit_reached_ = false;
};

}  // namespace

Result<FileEnd> read_crawl_file(const std::string& path, CrawlFiles kind,
                                const CrawlFileParts& parts, Totals& totals) {
  return FileReading{path, kind, parts, totals}.run();
}

}  // namespace freshet
