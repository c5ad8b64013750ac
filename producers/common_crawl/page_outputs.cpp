#include "producers/common_crawl/page_outputs.hpp"

#include "core/json.hpp"
#include "core/kafka/dead_letter.hpp"
#include "core/topics.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr auto kDeliveryTimeout = 60s;

kafka::ProducerOptions producer_options() {
  kafka::ProducerOptions options;
  options.delivery_timeout = 55s;
  options.queue_max_kbytes = 32'768;  // of each worker
  return options;
}

}  // namespace

KafkaPageOutput::KafkaPageOutput(const Config::Kafka& config, const Clock& clock)
    : config_{config},
      clock_{clock},
      topic_{config.prefixed(topics::kPages)},
      producer_{config, producer_options()} {}

Result<void> KafkaPageOutput::page(const CrawledPage& page) {
  static const kafka::Headers headers{
      {std::string{schema_header::kName}, std::string{schema_header::kPage}}};
  const std::string key = page.key();
  const std::string value = encode_page(page);
  kafka::OutRecord record;
  record.topic = topic_;
  record.key = key;
  record.value = value;
  record.headers = &headers;
  return producer_.produce(record);
}

Result<void> KafkaPageOutput::rejection(const Rejection& rejection) {
  const std::string step = "produce." + rejection.provider;
  kafka::DeadLetter letter;
  letter.step = step;
  letter.error = rejection.error;
  letter.origin = {rejection.url, std::nullopt, rejection.item};
  letter.value = rejection.value;
  letter.time = clock_.now();
  return kafka::produce_dead_letter(producer_, config_, letter);
}

Result<void> KafkaPageOutput::flush() { return producer_.flush(kDeliveryTimeout); }

Result<void> PrintPageOutput::page(const CrawledPage& page) {
  std::string text;
  if (rows_) {
    for (const json::object& row : page_rows(page)) {
      text += to_json(row) + '\n';
    }
  } else {
    text = encode_page(page) + '\n';
  }
  const std::lock_guard lock{mutex_};
  out_ << text;
  if (!out_) {
    return Error{Errc::unreachable, Retry::never, "standard output cannot be written to"};
  }
  return {};
}

Result<void> PrintPageOutput::rejection(const Rejection& /*rejection*/) { return {}; }

Result<void> PrintPageOutput::flush() {
  const std::lock_guard lock{mutex_};
  out_.flush();
  return {};
}

}  // namespace freshet
