#pragma once

#include <mutex>
#include <ostream>

#include "core/config.hpp"
#include "core/kafka/producer.hpp"
#include "producers/common_crawl/crawl_run.hpp"

namespace freshet {

/// Pages to `media.pages.v1`, rejections to the dead-letter topic.
class KafkaPageOutput final : public PageOutput {
 public:
  /// All of it outlives this.
  KafkaPageOutput(const Config::Kafka& config, const Clock& clock);
  Result<void> page(const CrawledPage& page) override;
  Result<void> rejection(const Rejection& rejection) override;
  Result<void> flush() override;

 private:
  const Config::Kafka& config_;
  const Clock& clock_;
  std::string topic_;
  kafka::Producer producer_;
};

/// For `--dry-run`: one page a line, or one row of the batch original's columns.
class PrintPageOutput final : public PageOutput {
 public:
  /// @param mutex  of the stream, which several outputs write to.
  PrintPageOutput(std::ostream& out, std::mutex& mutex, bool rows)
      : out_{out}, mutex_{mutex}, rows_{rows} {}
  Result<void> page(const CrawledPage& page) override;
  Result<void> rejection(const Rejection& rejection) override;
  Result<void> flush() override;

 private:
  std::ostream& out_;
  std::mutex& mutex_;
  bool rows_;
};

}  // namespace freshet
