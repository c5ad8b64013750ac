#include "core/policy_log.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/topics.hpp"

namespace freshet {
namespace {

// Two machines' clocks may differ; a version from the far future would outrank every later one.
constexpr std::int64_t kFutureLimitMillis = 3'600'000;

// Words on runs add up. A processor that says what a later run found may not have read yet what
// somebody said of an earlier one, and must not undo it.
void keep_words(RemovalRule& rule, const RemovalRule& before) {
  rule.approved_before = std::max(rule.approved_before, before.approved_before);
  rule.refused_before = std::max(rule.refused_before, before.refused_before);
  const auto settles = [&](const std::optional<UtcTime>& time) {
    return rule.held && time && rule.held->started_at <= *time;
  };
  if (settles(rule.approved_before) || settles(rule.refused_before)) {
    rule.held.reset();
  }
}

}  // namespace

std::optional<Error> PolicyLog::apply(const PolicyMessage& message) {
  if (message.value) {
    if (auto error = take_value(message)) {
      note_fault(message, error);
      return error;
    }
  } else {
    take_back(message);
  }
  return std::nullopt;
}

std::optional<Error> PolicyLog::take_value(const PolicyMessage& message) {
  if (message.schema != schema_header::kPolicy) {
    return Error{Errc::unknown_schema, "schema", "header", "policy: not a value of this version"};
  }
  auto value = parse_policy_value(message.key, *message.value);
  if (!value) {
    return value.error();
  }
  if (value->version > message.appended.millis() + kFutureLimitMillis) {
    return Error{Errc::invalid_value, "version", "future",
                 "policy: version is more than an hour ahead of the broker's time"};
  }
  std::int64_t& known = policy_.versions_[std::string{message.key}];
  if (value->version < known) {
    note_fault(message, std::nullopt);
    return std::nullopt;
  }
  known = value->version;
  policy_.version_ = std::max(policy_.version_, known);
  const std::string key{message.key};
  bytes_.insert_or_assign(key, std::string{*message.value});
  faults_.erase(key);
  const auto* const before = policy_.find<RemovalRule>(key);
  if (auto* const removal = std::get_if<RemovalRule>(&value->rule); removal && before) {
    const RemovalRule said = *removal;
    keep_words(*removal, *before);
    if (*removal != said) {
      bytes_.insert_or_assign(key, encode_policy_value(*value));
      note_fault(message, std::nullopt);
    }
  }
  policy_.values_.insert_or_assign(key, std::make_shared<const PolicyValue>(std::move(*value)));
  return std::nullopt;
}

// By hand a value is taken back without saying a version; then the last word holds.
void PolicyLog::take_back(const PolicyMessage& message) {
  const std::string key{message.key};
  const auto found = policy_.versions_.find(key);
  const std::int64_t known = found == policy_.versions_.end() ? 0 : found->second;
  std::int64_t version = std::max(message.appended.millis(), known + 1);
  if (message.version) {
    const std::string_view text = *message.version;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, version);
    if (read.ec != std::errc{} || read.ptr != end ||
        version > message.appended.millis() + kFutureLimitMillis) {
      version = std::max(message.appended.millis(), known + 1);
    }
    if (version < known) {
      return note_fault(message, std::nullopt);
    }
  }
  if (version > 0) {
    policy_.versions_.insert_or_assign(key, version);
    policy_.version_ = std::max(policy_.version_, version);
  }
  policy_.values_.erase(key);
  bytes_.erase(key);
  faults_.erase(key);
}

void PolicyLog::note_fault(const PolicyMessage& message, std::optional<Error> error) {
  const auto in_force = bytes_.find(message.key);
  PolicyFault fault{std::string{message.key},
                    message.offset,
                    std::move(error),
                    message.value ? std::optional{std::string{*message.value}} : std::nullopt,
                    message.schema ? std::optional{std::string{*message.schema}} : std::nullopt,
                    in_force == bytes_.end() ? std::nullopt : std::optional{in_force->second},
                    policy_.version_of(message.key)};
  faults_.insert_or_assign(fault.key, std::move(fault));
}

}  // namespace freshet
