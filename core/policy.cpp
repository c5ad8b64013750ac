#include "core/policy.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "core/decision.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "core/topics.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

constexpr std::size_t kMostSource = 80;  // as the columns of the stores
constexpr std::size_t kMostMetric = 200;
// Two machines' clocks may differ; a version from the far future would outrank every later one.
constexpr std::int64_t kFutureLimitMillis = 3'600'000;

Error missing(std::string field) {
  std::string why = "policy: no " + field;
  return {Errc::missing_field, std::move(field), "required", std::move(why)};
}

Error broken(std::string field, std::string rule, std::string why) {
  return {Errc::invalid_value, std::move(field), std::move(rule), "policy: " + std::move(why)};
}

std::optional<std::string> text_member(const json::value& object, const char* name) {
  const auto text = text_at(object, fmt::format("/{}", name));
  return text ? std::optional<std::string>{*text} : std::nullopt;
}

std::optional<std::int64_t> whole_number(const json::value& object, const char* name) {
  const json::value& value = value_at(object, fmt::format("/{}", name));
  if (!value.is_int64() || value.get_int64() < 0) {
    return std::nullopt;
  }
  return value.get_int64();
}

std::optional<double> number(const json::value& object, const char* name) {
  const json::value& value = value_at(object, fmt::format("/{}", name));
  if (!value.is_number()) {
    return std::nullopt;
  }
  const auto read = value.to_number<double>();
  return std::isfinite(read) ? std::optional{read} : std::nullopt;
}

std::string lower_ascii(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// A list of texts, each as texts of works are kept: one that is not could never match.
Result<std::vector<std::string>> text_list(const json::value& object, const char* name,
                                           std::size_t most) {
  const std::string field = fmt::format("rule.{}", name);
  const json::value& list = value_at(object, fmt::format("/{}", name));
  if (!list.is_array()) {
    return missing(field);
  }
  if (list.get_array().size() > most) {
    return broken(field, "length", fmt::format("{} has more than {} entries", field, most));
  }
  std::vector<std::string> texts;
  for (const json::value& element : list.get_array()) {
    if (!element.is_string()) {
      return broken(field, "text", field + " has an entry that is no text");
    }
    const std::string_view given{element.get_string()};
    if (const auto fault = fault_of_decision_text(given, kMostTermCodePoints)) {
      return broken(field, "text", field + " has an entry that " + *fault);
    }
    std::string text = clean_text(given);
    if (text.empty()) {
      return broken(field, "text", field + " has an entry of white space only");
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

void sort_unique(std::vector<std::string>& texts) {
  std::ranges::sort(texts);
  const auto repeats = std::ranges::unique(texts);
  texts.erase(repeats.begin(), repeats.end());
}

Result<PolicyRule> parse_terms(const json::value& rule) {
  auto terms = text_list(rule, "terms", kMostTerms);
  if (!terms) {
    return terms.error();
  }
  sort_unique(*terms);
  return SensitiveTermsRule{std::move(*terms)};
}

Result<PolicyRule> parse_hidden_tags(const json::value& rule) {
  HiddenTagsRule read;
  for (const auto& [name, list] :
       {std::pair{"names", &read.names}, {"parts", &read.parts}, {"providers", &read.providers}}) {
    auto texts = text_list(rule, name, kMostHiddenTags);
    if (!texts) {
      return texts.error();
    }
    if (list != &read.providers) {
      std::ranges::transform(*texts, texts->begin(), lower_ascii);
    }
    sort_unique(*texts);
    *list = std::move(*texts);
  }
  const auto accuracy = number(rule, "least_accuracy");
  if (!accuracy) {
    return missing("rule.least_accuracy");
  }
  if (*accuracy < 0 || *accuracy > 1) {
    return broken("rule.least_accuracy", "range", "least_accuracy is not within 0 and 1");
  }
  read.least_accuracy = *accuracy;
  return read;
}

Result<PolicyRule> parse_source(const json::value& rule) {
  const json::value& hidden = value_at(rule, "/hidden");
  if (!hidden.is_bool()) {
    return missing("rule.hidden");
  }
  return SourceRule{hidden.get_bool()};
}

Result<PolicyRule> parse_popularity(const json::value& rule) {
  const auto metric = text_member(rule, "metric");
  const auto percentile = number(rule, "percentile");
  const auto value = number(rule, "value");
  const auto constant = number(rule, "constant");
  const auto works = whole_number(rule, "works");
  if (!metric || fault_of_decision_text(*metric, kMostMetric)) {
    return missing("rule.metric");
  }
  if (!percentile || *percentile <= 0 || *percentile >= 1) {
    return broken("rule.percentile", "range", "percentile is not between 0 and 1");
  }
  if (!value || *value < 0) {
    return broken("rule.value", "range", "value is no number from 0 on");
  }
  if (!constant || *constant <= 0) {
    return broken("rule.constant", "range", "constant is no number above 0");
  }
  if (!works) {
    return missing("rule.works");
  }
  return PopularityRule{*metric, *percentile, *value, *constant, *works};
}

// Nothing: not a time. The member may be null.
std::optional<UtcTime> time_member(const json::value& object, const char* name) {
  const auto text = text_at(object, fmt::format("/{}", name));
  const auto time = text ? parse_time(*text) : std::nullopt;
  return time && time->micros >= 0 ? time : std::nullopt;
}

Result<PolicyRule> parse_removal(const json::value& rule) {
  RemovalRule read;
  const json::object* const members = rule.if_object();
  const auto* const approved =
      members == nullptr ? nullptr : members->if_contains("approved_before");
  if (approved == nullptr) {
    return missing("rule.approved_before");
  }
  if (!approved->is_null()) {
    read.approved_before = time_member(rule, "approved_before");
    if (!read.approved_before) {
      return broken("rule.approved_before", "time", "approved_before is no time since 1970");
    }
  }
  if (!value_at(rule, "/refused_before").is_null()) {
    read.refused_before = time_member(rule, "refused_before");
    if (!read.refused_before) {
      return broken("rule.refused_before", "time", "refused_before is no time since 1970");
    }
  }
  const json::value& held = value_at(rule, "/held");
  if (!held.is_null()) {
    const auto started = time_member(held, "started_at");
    const auto known = whole_number(held, "known");
    const auto gone = whole_number(held, "missing");
    if (!started || !known || !gone) {
      return broken("rule.held", "members", "held needs started_at, known and missing");
    }
    const json::value& refused = value_at(held, "/refused_sightings");
    read.held = RemovalRule::Held{*started, *known, *gone, refused.is_bool() && refused.get_bool()};
  }
  return read;
}

bool names_works(std::string_view rest) {
  const auto key = parse_work_key(std::string{rest} + ":x");
  return key && rest.find(':', rest.find(':') + 1) == std::string_view::npos &&
         !fault_of_decision_text(rest, kMostSource * 2);
}

using Parser = Result<PolicyRule> (*)(const json::value& rule);

// Nothing: no rule has this name.
Parser parser_of(std::string_view key) {
  const auto rest_of = [&](std::string_view prefix) {
    return key.starts_with(prefix) ? std::optional{key.substr(prefix.size())} : std::nullopt;
  };
  if (key == policy::kSensitiveTerms) {
    return parse_terms;
  }
  if (key == policy::kHiddenTags) {
    return parse_hidden_tags;
  }
  if (const auto source = rest_of(policy::kSource)) {
    return fault_of_decision_text(*source, kMostSource) ? nullptr : parse_source;
  }
  if (const auto works = rest_of(policy::kPopularity)) {
    return names_works(*works) ? parse_popularity : nullptr;
  }
  if (const auto works = rest_of(policy::kRemoval)) {
    return names_works(*works) ? parse_removal : nullptr;
  }
  return nullptr;
}

Result<PolicyRule> parse_rule(std::string_view key, const json::value& rule) {
  const Parser parser = is_utf8(key) ? parser_of(key) : nullptr;
  if (parser == nullptr) {
    return Error{Errc::wrong_key, "key", "rule", "policy: no rule has this name"};
  }
  if (!rule.is_object()) {
    return missing("rule");
  }
  return parser(rule);
}

void append_list(std::string& out, const char* name, const std::vector<std::string>& texts) {
  out += fmt::format(R"("{}":[)", name);
  for (const std::string& text : texts) {
    out += &text == &texts.front() ? "" : ",";
    append_json_string(out, text);
  }
  out += "]";
}

std::string time_or_null(const std::optional<UtcTime>& time) {
  return time ? "\"" + format_micros(*time) + "\"" : "null";
}

std::string encode(const SensitiveTermsRule& rule) {
  std::string out = "{";
  append_list(out, "terms", rule.terms);
  return out + "}";
}

std::string encode(const HiddenTagsRule& rule) {
  std::string out = "{";
  append_list(out, "names", rule.names);
  out += ",";
  append_list(out, "parts", rule.parts);
  out += ",";
  append_list(out, "providers", rule.providers);
  return out + fmt::format(R"(,"least_accuracy":{}}})", rule.least_accuracy);
}

std::string encode(const SourceRule& rule) {
  return fmt::format(R"({{"hidden":{}}})", rule.hidden);
}

std::string encode(const PopularityRule& rule) {
  std::string out = R"({"metric":)";
  append_json_string(out, rule.metric);
  return out + fmt::format(R"(,"percentile":{},"value":{},"constant":{},"works":{}}})",
                           rule.percentile, rule.value, rule.constant, rule.works);
}

std::string encode(const RemovalRule& rule) {
  std::string out =
      fmt::format(R"({{"approved_before":{},"refused_before":{},"held":)",
                  time_or_null(rule.approved_before), time_or_null(rule.refused_before));
  if (!rule.held) {
    return out + "null}";
  }
  return out +
         fmt::format(R"({{"started_at":"{}","known":{},"missing":{},"refused_sightings":{}}}}})",
                     format_micros(rule.held->started_at), rule.held->known, rule.held->missing,
                     rule.held->has_refused_sightings);
}

}  // namespace

namespace policy {

std::string source_key(std::string_view source) { return std::string{kSource}.append(source); }

}  // namespace policy

Result<PolicyRule> parse_policy_rule(std::string_view key, std::string_view text) {
  const auto rule = parse_json(text);
  if (!rule) {
    return rule.error();
  }
  return parse_rule(key, *rule);
}

std::string encode_policy_rule(const PolicyRule& rule) {
  return std::visit([](const auto& each) { return encode(each); }, rule);
}

Result<PolicyValue> parse_policy_value(std::string_view key, std::string_view text) {
  const auto root = parse_json(text);
  if (!root) {
    return root.error();
  }
  auto rule = parse_rule(key, value_at(*root, "/rule"));
  if (!rule) {
    return rule.error();
  }
  const auto version = whole_number(*root, "version");
  const auto at = time_member(*root, "at");
  const auto by = text_member(*root, "by");
  const auto why = text_member(*root, "why");
  if (!version || *version == 0) {
    return broken("version", "range", "version is no whole number above 0");
  }
  if (!at) {
    return broken("at", "time", "at is no time since 1970");
  }
  if (!by || !why) {
    return missing(by ? "why" : "by");
  }
  if (const auto fault = fault_of_decision_text(*by, kMostDecisionBy)) {
    return broken("by", "text", "by " + *fault);
  }
  if (const auto fault = fault_of_decision_text(*why, kMostDecisionWhy)) {
    return broken("why", "text", "why " + *fault);
  }
  return PolicyValue{*version, UtcTime::from_millis(at->millis()), *by, *why, std::move(*rule)};
}

std::string encode_policy_value(const PolicyValue& value) {
  std::string out =
      fmt::format(R"({{"version":{},"at":"{}","by":)", value.version, format_millis(value.at));
  append_json_string(out, value.by);
  out += R"(,"why":)";
  append_json_string(out, value.why);
  out += R"(,"rule":)";
  out += encode_policy_rule(value.rule);
  return out + "}";
}

std::int64_t Policy::version_of(std::string_view key) const {
  const auto found = versions_.find(key);
  return found == versions_.end() ? 0 : found->second;
}

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

namespace {

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

std::optional<Error> PolicyLog::take_value(const PolicyMessage& message) {
  if (message.schema != schema_header::kPolicy) {
    return Error{Errc::unknown_schema, "schema", "header", "policy: not a value of this version"};
  }
  auto value = parse_policy_value(message.key, *message.value);
  if (!value) {
    return value.error();
  }
  if (value->version > message.appended.millis() + kFutureLimitMillis) {
    return broken("version", "future", "version is more than an hour ahead of the broker's time");
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

std::int64_t next_policy_version(const Policy& policy, UtcTime now) {
  return std::max(policy.version() + 1, now.millis());
}

}  // namespace freshet
