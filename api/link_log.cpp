#include "api/link_log.hpp"

#include "core/json_writer.hpp"
#include "core/topics.hpp"

namespace freshet::api {
namespace {

std::string_view name_of(LinkState state) {
  switch (state) {
    case LinkState::live:
      return "live";
    case LinkState::dead:
      return "dead";
    case LinkState::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

std::string encode_link_check(const Link& link, int status, UtcTime checked_at) {
  std::string out;
  ObjectWriter object{out};
  object.text("identifier", link.identifier);
  object.text("media_type", store_name(link.media));
  object.text("provider", link.provider);
  object.text("url", link.url);
  object.text("state", name_of(link_state(link.provider, status)));
  if (status > 0) {
    object.integer("status", status);
  } else {
    object.null("status");
  }
  object.text("checked_at", format_millis(checked_at));
  object.close();
  return out;
}

KafkaLinkLog::KafkaLinkLog(const Config::Kafka& config, Metrics& metrics)
    : writer_{config,
              metrics,
              {.topic = topics::kLinkChecks,
               .schema = schema_header::kLinkCheck,
               .event = "link_checks_not_sent",
               .metric = "freshet_link_check_records_total",
               .meaning = "Looks at links, by whether the broker has them"}} {}

void KafkaLinkLog::note(const Link& link, int status) {
  writer_.note({link.identifier, encode_link_check(link, status, SystemClock{}.now())});
}

}  // namespace freshet::api
