#include "core/policy_rules.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/decision.hpp"
#include "core/fold.hpp"
#include "core/json_writer.hpp"
#include "core/policy_lists.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

constexpr std::size_t kMostMetric = 200;

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
      std::ranges::transform(*texts, texts->begin(), [](const auto& t) { return lower_ascii(t); });
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
  const json::value& provisional = value_at(rule, "/provisional");
  if (!provisional.is_null() && !provisional.is_bool()) {
    return broken("rule.provisional", "boolean", "provisional is neither true nor false");
  }
  return PopularityRule{*metric,   *percentile, *value,
                        *constant, *works,      provisional.is_bool() && provisional.get_bool()};
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
         !fault_of_decision_text(rest, kMostSourceName * 2);
}

Result<PolicyRule> parse_sources(const json::value& rule) {
  auto read = parse_sources_rule(rule);
  return read ? Result<PolicyRule>{std::move(*read)} : read.error();
}

Result<PolicyRule> parse_http_hosts(const json::value& rule) {
  auto read = parse_http_hosts_rule(rule);
  return read ? Result<PolicyRule>{std::move(*read)} : read.error();
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
  if (key == policy::kSources) {
    return parse_sources;
  }
  if (key == policy::kHttpHosts) {
    return parse_http_hosts;
  }
  if (const auto source = rest_of(policy::kSource)) {
    return fault_of_decision_text(*source, kMostSourceName) ? nullptr : parse_source;
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

std::string encode(const SensitiveTermsRule& rule) {
  std::string out;
  ObjectWriter object{out};
  object.texts("terms", rule.terms);
  object.close();
  return out;
}

std::string encode(const HiddenTagsRule& rule) {
  std::string out;
  ObjectWriter object{out};
  object.texts("names", rule.names);
  object.texts("parts", rule.parts);
  object.texts("providers", rule.providers);
  object.number("least_accuracy", rule.least_accuracy);
  object.close();
  return out;
}

std::string encode(const SourceRule& rule) {
  std::string out;
  ObjectWriter object{out};
  object.boolean("hidden", rule.hidden);
  object.close();
  return out;
}

std::string encode(const PopularityRule& rule) {
  std::string out;
  ObjectWriter object{out};
  object.text("metric", rule.metric);
  object.number("percentile", rule.percentile);
  object.number("value", rule.value);
  object.number("constant", rule.constant);
  object.integer("works", rule.works);
  if (rule.is_provisional) {
    object.boolean("provisional", true);
  }
  object.close();
  return out;
}

void put_time(ObjectWriter& object, std::string_view name, const std::optional<UtcTime>& time) {
  time ? object.text(name, format_micros(*time)) : object.null(name);
}

std::string encode(const RemovalRule& rule) {
  std::string out;
  ObjectWriter object{out};
  put_time(object, "approved_before", rule.approved_before);
  put_time(object, "refused_before", rule.refused_before);
  if (rule.held) {
    object.key("held");
    ObjectWriter held{out};
    held.text("started_at", format_micros(rule.held->started_at));
    held.integer("known", rule.held->known);
    held.integer("missing", rule.held->missing);
    held.boolean("refused_sightings", rule.held->has_refused_sightings);
    held.close();
  } else {
    object.null("held");
  }
  object.close();
  return out;
}

}  // namespace

namespace policy {

std::string source_key(std::string_view source) { return std::string{kSource}.append(source); }

bool is_same_key(std::string_view a, std::string_view b) {
  return a == b || (a.starts_with(kSource) && b.starts_with(kSource) &&
                    fold_case(a.substr(kSource.size())) == fold_case(b.substr(kSource.size())));
}

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
  std::string out;
  ObjectWriter object{out};
  object.integer("version", value.version);
  object.text("at", format_millis(value.at));
  object.text("by", value.by);
  object.text("why", value.why);
  object.raw("rule", encode_policy_rule(value.rule));
  object.close();
  return out;
}

}  // namespace freshet
