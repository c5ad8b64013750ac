#include "core/record/finished_run.hpp"

#include <algorithm>
#include <optional>

#include "core/json.hpp"
#include "core/json_writer.hpp"
#include "core/policy.hpp"

namespace freshet {
namespace {

constexpr std::string_view kRun = "run:";

}  // namespace

std::string finished_run_key(MediaType media_type, std::string_view provider) {
  return std::string{kRun}.append(to_string(media_type)).append(":").append(provider);
}

std::string write_finished_run(MediaType media_type, std::string_view provider, UtcTime started_at,
                               std::int64_t rejected, UtcTime fetched_at, std::string_view run_id) {
  std::string body = R"({"media_type":")";
  body.append(to_string(media_type)).append(R"(","provider":)");
  append_json_string(body, provider);
  body.append(R"(,"started_at":")").append(format_millis(started_at));
  body += R"(","complete":true)";
  if (rejected > 0) {
    body.append(R"(,"rejected":)").append(std::to_string(rejected));
  }
  body += '}';
  return write_raw_record({.kind = RawRecord::Kind::run_finished,
                           .fetched_at = fetched_at,
                           .run_id = run_id,
                           .body = body});
}

Result<FinishedRun> read_finished_run(std::string_view key, const RawRecord& raw) {
  const auto invalid = [](const char* field, const char* rule, const char* what) {
    return Error{Errc::invalid_value, std::string{"run_finished."} + field, rule, what};
  };
  FinishedRun run;
  run.scope = key.substr(std::min(kRun.size(), key.size()));
  const std::size_t colon = run.scope.find(':');
  if (!key.starts_with(kRun) || colon == std::string_view::npos ||
      !parse_media_type(run.scope.substr(0, colon)) || colon + 1 == run.scope.size()) {
    return Error{Errc::wrong_key, "key", "run", "not run:<media type>:<provider>"};
  }
  run.provider = run.scope.substr(colon + 1);
  // What it removes is said in policy, where the provider has to be one.
  static const std::string kAnswer = encode_policy_rule(RemovalRule{});
  if (!parse_policy_rule(std::string{policy::kRemoval}.append(run.scope), kAnswer)) {
    return Error{Errc::wrong_key, "key", "run", "no provider can have this name"};
  }
  const auto body = parse_json(raw.body);
  const json::object* object = body ? body->if_object() : nullptr;
  if (object == nullptr) {
    return Error{Errc::malformed_payload, "run_finished", "json", "run_finished is no object"};
  }
  const auto text = [&](const char* name) -> std::optional<std::string_view> {
    const json::value* value = object->if_contains(name);
    return value != nullptr && value->is_string()
               ? std::optional{std::string_view{value->get_string()}}
               : std::nullopt;
  };
  if (text("media_type") != run.scope.substr(0, colon) || text("provider") != run.provider) {
    return Error{Errc::wrong_key, "key", "identity", "the run is of another provider"};
  }
  const auto started_at = parse_time(text("started_at").value_or(""));
  if (!started_at || *started_at < kEarliestSighting || *started_at > raw.fetched_at) {
    return invalid("started_at", "time",
                   "started_at is no time since 1970, or later than the run's end");
  }
  const json::value* complete = object->if_contains("complete");
  if (complete == nullptr || !complete->is_bool()) {
    return invalid("complete", "boolean", "complete is not true or false");
  }
  run.started_at = UtcTime::from_millis(started_at->millis());
  const json::value* date = object->if_contains("date");
  run.is_whole = complete->get_bool() && (date == nullptr || date->is_null());
  const json::value* rejected = object->if_contains("rejected");
  run.has_gaps = rejected != nullptr && !(rejected->is_int64() && rejected->get_int64() == 0);
  return run;
}

}  // namespace freshet
