#include "core/alert.hpp"

#include "core/json.hpp"

namespace freshet {
namespace {

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value number_or_null(const std::optional<std::int64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

std::string id_of(const Alert& alert) {
  std::string id = alert.run_id.empty() ? format_millis(alert.at) : alert.run_id;
  id.append("/").append(alert.kind);
  return alert.reason.empty() ? id : id.append("/").append(alert.reason);
}

}  // namespace

std::string alert_key(const Alert& alert) { return alert.step + ":" + alert.subject; }

std::string encode_alert(const Alert& alert) {
  return to_json(json::object{{"id", id_of(alert)},
                              {"step", alert.step},
                              {"subject", alert.subject},
                              {"kind", alert.kind},
                              {"message", alert.message},
                              {"at", format_millis(alert.at)},
                              {"run_id", text_or_null(alert.run_id)},
                              {"reason", text_or_null(alert.reason)},
                              {"found", number_or_null(alert.found)},
                              {"usual", number_or_null(alert.usual)}});
}

}  // namespace freshet
