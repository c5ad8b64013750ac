#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "core/config.hpp"

namespace freshet::api {

/// Says each stored report on `media.reports.v1`, on a thread of its own: about a second after it
/// was stored, or once Kafka is there again. A report is noted as said in the transaction in which
/// it is said, so each is said at least once, and several servers share the work.
class ReportRelay {
 public:
  explicit ReportRelay(const Config& config);

 private:
  void run(const std::stop_token& stop);

  const Config& config_;
  std::jthread thread_;
};

/// A report as its topic carries it: schemas/records/report.schema.json.
struct AnnouncedReport {
  std::int64_t id = 0;
  std::string work_key;
  std::string identifier;
  std::string reason;
  std::optional<std::string> description;
  std::string reported_at;  ///< RFC 3339, three digits
};
std::string encode_report(const AnnouncedReport& report);

}  // namespace freshet::api
