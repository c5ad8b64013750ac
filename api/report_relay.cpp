#include "api/report_relay.hpp"

#include <memory>
#include <vector>

#include "core/json_writer.hpp"
#include "core/kafka/producer.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "core/postgres/connection.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"

namespace freshet::api {
namespace {

constexpr std::chrono::seconds kPause{1};
constexpr std::chrono::seconds kPauseAfterFault{5};
constexpr std::chrono::seconds kFlushLimit{10};
constexpr std::chrono::seconds kTurnLimit{20};

// Those that another server is about to say are left to it.
constexpr const char* kUnsaid =
    "select id, media_type, provider, foreign_identifier, identifier, reason, description, "
    "to_char(reported_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') "
    "from report where announced_at is null order by id limit 100 for update skip locked";

AnnouncedReport read_report(const pqxx::row& row) {
  const auto media_type = parse_media_type(row[1].c_str()).value_or(MediaType::image);
  return {.id = row[0].as<std::int64_t>(),
          .work_key = make_work_key(media_type, row[2].c_str(), row[3].c_str()),
          .identifier = row[4].as<std::string>(),
          .reason = row[5].as<std::string>(),
          .description = row[6].is_null() ? std::nullopt : std::optional{row[6].as<std::string>()},
          .reported_at = row[7].as<std::string>()};
}

/// @return what was said, or why nothing was
Result<std::size_t> say_unsaid(pqxx::connection_base& open, const Config::Kafka& config,
                               std::unique_ptr<kafka::Producer>& producer) {
  pqxx::work work{open};
  const pqxx::result rows = work.exec(kUnsaid);
  if (rows.empty()) {
    return std::size_t{0};
  }
  // Not before there is something to say: the API needs no broker to answer searches.
  if (producer == nullptr) {
    kafka::ProducerOptions options;
    options.delivery_timeout = kFlushLimit;
    producer = std::make_unique<kafka::Producer>(config, options);
  }
  const std::string topic = config.prefixed(topics::kReports);
  const kafka::Headers headers{
      {std::string{schema_header::kName}, std::string{schema_header::kReport}}};
  std::string ids;
  for (const pqxx::row& row : rows) {
    const AnnouncedReport report = read_report(row);
    const std::string value = encode_report(report);
    const auto taken = producer->produce({.topic = topic,
                                          .partition = std::nullopt,
                                          .key = report.work_key,
                                          .value = value,
                                          .headers = &headers,
                                          .timestamp = std::nullopt});
    if (!taken) {
      return taken.error();
    }
    ids += (ids.empty() ? "{" : ",") + std::to_string(report.id);
  }
  if (const auto flushed = producer->flush(kFlushLimit); !flushed) {
    return flushed.error();
  }
  work.exec_params("update report set announced_at = now() where id = any ($1::bigint[])",
                   ids + "}");
  work.commit();
  return rows.size();
}

}  // namespace

std::string encode_report(const AnnouncedReport& report) {
  std::string out;
  ObjectWriter object{out};
  object.integer("report_id", report.id);
  object.text("work_key", report.work_key);
  object.text("identifier", report.identifier);
  object.text("reason", report.reason);
  object.text_or_null("description", report.description);
  object.text("reported_at", report.reported_at);
  object.close();
  return out;
}

ReportRelay::ReportRelay(const Config& config)
    : config_{config}, thread_{[this](const std::stop_token& stop) { run(stop); }} {}

void ReportRelay::run(const std::stop_token& stop) {
  postgres::Connection connection{{.dsn = config_.postgres.dsn,
                                   .application = "freshet api reports",
                                   .setup = {"set statement_timeout = 4500"}}};
  std::unique_ptr<kafka::Producer> producer;
  std::string said;  // the last fault: one that stays is said once
  while (!stop.stop_requested()) {
    std::string fault;
    try {
      const auto done = connection.run(
          Deadline::in(kTurnLimit), stop,
          [&](pqxx::connection_base& open) { return say_unsaid(open, config_.kafka, producer); });
      if (done && *done > 0) {
        log::info("reports_announced", {{"reports", *done}});
      }
      fault = done ? "" : done.error().message();
    } catch (const std::exception& thrown) {
      fault = thrown.what();
    }
    if (!fault.empty()) {
      producer.reset();  // what it still holds would be said without being noted
      if (fault != said && !stop.stop_requested()) {
        log::warn("reports_not_announced", {{"reason", fault}});
      }
    }
    said = fault;
    wait_for_stop(stop, fault.empty() ? kPause : kPauseAfterFault);
  }
}

}  // namespace freshet::api
