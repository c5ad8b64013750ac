#include "processors/stages/dedupe/rules.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <charconv>
#include <cstdint>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/resources.hpp"
#include "core/text.hpp"
#include "processors/record/json_text.hpp"
#include "processors/sums/partition_sums.hpp"

namespace freshet {
namespace {

// Accuracies are numbers, or text where clean made leaves text. Nothing where it is neither.
bool is_below(std::string_view accuracy, double least) {
  if (accuracy.size() >= 2 && accuracy.front() == '"') {
    accuracy = accuracy.substr(1, accuracy.size() - 2);
  }
  double value = 0;
  const auto read = std::from_chars(accuracy.data(), accuracy.data() + accuracy.size(), value);
  return read.ec == std::errc{} && read.ptr == accuracy.data() + accuracy.size() && value < least;
}

bool is_true(std::string_view json) {
  if (json.size() >= 2 && json.front() == '"') {
    json = json.substr(1, json.size() - 2);
  }
  return json.size() == 4 && lower_letter(json[0]) == 't' && lower_letter(json[1]) == 'r' &&
         lower_letter(json[2]) == 'u' && lower_letter(json[3]) == 'e';
}

bool is_provider_sensitive(const Work& work) {
  return std::ranges::any_of(work.meta_data, [](const Member& member) {
    return member.name == "mature" && is_true(member.json);
  });
}

void append_sensitivity(std::string& out, bool text_is, UserReport report, bool provider_says_so) {
  const auto reason = [&](std::string_view name) {
    out += out.back() == '[' ? "\"" : ",\"";
    out += name;
    out += '"';
  };
  if (text_is) {
    reason("sensitive_text");
  }
  if (report == UserReport::sensitive) {
    reason("user_reported_sensitivity");
  }
  if (provider_says_so) {
    reason("provider_supplied_sensitivity");
  }
}

void append_policy(std::string& out, const DedupeRules& rules) {
  out += R"(,"policy":)";
  out += std::to_string(rules.policy_version);
  out += '}';
}

// Whether a term stands in a JSON text; values of any other kind have no words.
bool occurs_in_json(std::string_view json, const SensitiveTerms& terms) {
  if (json.size() < 2 || json.front() != '"') {
    return false;
  }
  if (json.find('\\') == std::string_view::npos) {
    return terms.occurs_in(json.substr(1, json.size() - 2));
  }
  std::array<std::byte, 8192> buffer{};
  Arena arena{buffer.data(), buffer.size()};
  const auto text = decode_json_text(json, arena);
  return text && terms.occurs_in(*text);
}

// The URL in a JSON text with its scheme, https or http; nothing where it has it already, or is
// none of clean's. Views into the arena.
struct Rescheme {
  std::string_view json;
  std::string_view text;
};
std::optional<Rescheme> with_scheme(std::string_view json, const clean::HttpHosts& hosts,
                                    Arena& arena) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  const std::string_view inside =
      json.size() >= 2 && json.front() == '"' ? json.substr(1, json.size() - 2) : "";
  const bool is_https = inside.starts_with(kHttps);
  if (!is_https && !inside.starts_with(kHttp)) {
    return std::nullopt;
  }
  // Nearly always: nobody named a host, and nothing is to be looked up.
  if (is_https && hosts.empty()) {
    return std::nullopt;
  }
  const std::string_view rest = inside.substr(is_https ? kHttps.size() : kHttp.size());
  // In a kept URL nothing is escaped.
  const bool wants_https = !hosts.contains(clean::host_of(rest));
  if (wants_https == is_https) {
    return std::nullopt;
  }
  std::string out = "\"";
  out += wants_https ? kHttps : kHttp;
  out += rest;
  out += '"';
  const std::string_view kept = copy_to(arena, out);
  return Rescheme{kept, kept.substr(1, kept.size() - 2)};
}

std::vector<std::string> texts(const boost::json::value& list) {
  return boost::json::value_to<std::vector<std::string>>(list);
}

bool matches(std::string_view name, std::string_view pattern) {
  return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                : name == pattern;
}

// `null`, or a number that reads back as the same.
void append_popularity(std::string& out, std::optional<double> metric,
                       std::optional<double> constant) {
  if (!metric || !constant) {
    out += "null";
    return;
  }
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(),
                                     standardized_popularity(*metric, *constant));
  out.append(text.data(), written.ptr);
}

void append_query(std::string& out, std::string_view query, const DedupeRules& rules) {
  char separator = '?';
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::string_view name = pair.substr(0, pair.find('='));
    const bool tracks =
        std::ranges::any_of(rules.tracking_parameters,
                            [&](const std::string& parameter) { return matches(name, parameter); });
    if (!pair.empty() && !tracks) {
      out += separator;
      out += pair;
      separator = '&';
    }
  }
}

}  // namespace

TagFilter::TagFilter(Lists lists) : lists_{std::move(lists)} {
  std::ranges::sort(lists_.names);
  std::ranges::sort(lists_.providers);
  for (std::size_t i = 0; i < lists_.parts.size(); ++i) {
    parts_by_first_[static_cast<std::uint8_t>(lists_.parts[i].at(0))].push_back(i);
  }
}

bool TagFilter::hides_name(std::string_view name) const {
  for (std::size_t i = 0; i < name.size(); ++i) {
    for (const std::size_t part : parts_by_first_[static_cast<std::uint8_t>(name[i])]) {
      if (name.substr(i).starts_with(lists_.parts[part])) {
        return true;
      }
    }
  }
  return std::ranges::binary_search(lists_.names, name, std::less<std::string_view>{});
}

bool TagFilter::hides(const Tag& tag) const {
  if (tag.name.empty() ||
      (!tag.accuracy.empty() && is_below(tag.accuracy, lists_.least_accuracy)) ||
      std::ranges::binary_search(lists_.providers, tag.provider, std::less<std::string_view>{})) {
    return true;
  }
  if (std::ranges::none_of(tag.name, [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return hides_name(tag.name);
  }
  return hides_name(lower_ascii(tag.name));
}

namespace {

// What a constant is taken for before any work is counted. In a file of its own, so that another
// prior is no reason to visit all works: those that are counted say more.
void read_priors(DedupeRules& rules) {
  const boost::json::value file = boost::json::parse(resource("popularity_priors.json"));
  for (const auto& entry : file.at("priors").as_array()) {
    const auto text = [&](const char* name) {
      return boost::json::value_to<std::string>(entry.at(name));
    };
    ScopeRules& scope = rules.scopes[text("media_type") + ":" + text("provider")];
    FRESHET_CHECK(scope.metric && scope.metric->member == text("metric"));
    scope.constant =
        popularity_constant(scope.metric->percentile, entry.at("value").to_number<double>());
    scope.constant_works = entry.at("works").to_number<std::int64_t>();
  }
}

}  // namespace

const DedupeRules& shipped_dedupe_rules() {
  static const DedupeRules rules = [] {
    const boost::json::value file = boost::json::parse(resource("rules.json"));
    const boost::json::value& hidden = file.at("hidden_tags");
    DedupeRules read{
        TagFilter{{texts(hidden.at("names")), texts(hidden.at("parts")),
                   texts(hidden.at("providers")), hidden.at("least_accuracy").to_number<double>()}},
        {},
        texts(file.at("tracking_parameters")),
        {},
        nullptr};
    read.http_hosts = clean::HttpHosts{texts(file.at("http_only_hosts"))};
    for (const auto& entry : file.at("popularity").as_array()) {
      const auto text = [&](const char* name) {
        return boost::json::value_to<std::string>(entry.at(name));
      };
      read.scopes[text("media_type") + ":" + text("provider")].metric =
          PopularityMetric{text("metric"), entry.at("percentile").to_number<double>()};
    }
    read_priors(read);
    for (const auto& [provider, value] : file.at("authority").as_object()) {
      read.authority.emplace(provider, value.to_number<double>());
    }
    return read;
  }();
  return rules;
}

std::optional<UtcTime> ScopeRules::removed_before_at(UtcTime now) const {
  return removed_before && now < *removed_before + kSeenEntriesKept ? removed_before : std::nullopt;
}

const ScopeRules* DedupeRules::scope(std::string_view work_key) const {
  const auto found = scopes.find(scope_of(work_key));
  return found == scopes.end() ? nullptr : &found->second;
}

DedupeRules overlaid(const DedupeRules& shipped, const Policy& policy, const DedupeRules* before) {
  DedupeRules rules = shipped;
  rules.policy_version = policy.version();
  if (const auto* hidden = policy.find<HiddenTagsRule>(policy::kHiddenTags)) {
    rules.tags =
        TagFilter{{hidden->names, hidden->parts, hidden->providers, hidden->least_accuracy}};
  }
  if (const auto* http = policy.find<HttpHostsRule>(policy::kHttpHosts)) {
    rules.http_hosts = clean::HttpHosts{http->hosts};
  }
  rules.terms_version = policy.version_of(policy::kSensitiveTerms);
  if (before != nullptr && before->terms_version == rules.terms_version) {
    rules.sensitive_terms = before->sensitive_terms;
  } else if (const auto* terms = policy.find<SensitiveTermsRule>(policy::kSensitiveTerms);
             terms != nullptr && !terms->terms.empty()) {
    rules.sensitive_terms = std::make_shared<const SensitiveTerms>(terms->terms);
  }
  for (const auto& [key, value] : policy.values()) {
    if (const auto* popularity = std::get_if<PopularityRule>(&value->rule)) {
      ScopeRules& scope = rules.scopes[key.substr(policy::kPopularity.size())];
      // Of another metric than is shipped now it says nothing.
      if (scope.metric && scope.metric->member == popularity->metric) {
        scope.constant = popularity->constant;
        scope.constant_works = popularity->works;
      }
    } else if (const auto* removal = std::get_if<RemovalRule>(&value->rule)) {
      rules.scopes[key.substr(policy::kRemoval.size())].removed_before = removal->approved_before;
    }
  }
  return rules;
}

bool set_schemes(Work& work, const clean::HttpHosts& hosts, Arena& arena) {
  bool is_changed = false;
  for (const Field field :
       {Field::foreign_landing_url, Field::url, Field::thumbnail, Field::creator_url}) {
    if (const auto made = with_scheme(work.at(field), hosts, arena)) {
      work.at(field) = made->json;
      if (field == Field::url) {
        work.url = made->text;
      }
      is_changed = true;
    }
  }
  return is_changed;
}

bool has_sensitive_text(const Work& work, const SensitiveTerms& terms) {
  return occurs_in_json(work.at(Field::title), terms) ||
         std::ranges::any_of(work.tags,
                             [&](const Tag& tag) { return terms.occurs_in(tag.name); }) ||
         std::ranges::any_of(work.meta_data, [&](const Member& member) {
           return member.name == "description" && occurs_in_json(member.json, terms);
         });
}

void append_derived(std::string& out, const Work& work, UserReport report, const DedupeRules& rules,
                    std::optional<double> metric, std::optional<double> constant) {
  out += R"({"hidden_tags":[)";
  for (std::size_t i = 0; i < work.tags.size(); ++i) {
    if (rules.tags.hides(work.tags[i])) {
      if (out.back() != '[') {
        out += ',';
      }
      out += std::to_string(i);
    }
  }
  out += R"(],"sensitivity":[)";
  append_sensitivity(
      out, rules.sensitive_terms != nullptr && has_sensitive_text(work, *rules.sensitive_terms),
      report, is_provider_sensitive(work));
  out += R"(],"popularity":)";
  append_popularity(out, metric, constant);
  out += R"(,"authority":)";
  const auto authority = rules.authority.find(work.provider);
  out += authority == rules.authority.end() ? "null" : std::to_string(int(authority->second));
  append_policy(out, rules);
}

void append_derived_without_work(std::string& out, UserReport report, const DedupeRules& rules) {
  out += R"({"hidden_tags":[],"sensitivity":[)";
  append_sensitivity(out, false, report, false);
  out += R"(],"popularity":null,"authority":null)";
  append_policy(out, rules);
}

std::string canonical_url(std::string_view url, const DedupeRules& rules) {
  const std::size_t scheme_end = url.find("://");
  std::string scheme;
  if (scheme_end != std::string_view::npos) {
    scheme = lower_ascii(url.substr(0, scheme_end));
    url.remove_prefix(scheme_end + 3);
  }
  url = url.substr(0, url.find('#'));
  const std::size_t host_end = std::min(url.find_first_of("/?"), url.size());
  std::string out{url.substr(0, host_end)};
  // A user's name and password may differ by case; the host may not.
  const std::size_t host_begin = out.find('@') == std::string::npos ? 0 : out.find('@') + 1;
  std::transform(out.begin() + static_cast<std::ptrdiff_t>(host_begin), out.end(),
                 out.begin() + static_cast<std::ptrdiff_t>(host_begin), lower_letter);
  // The default port of either: where clean has made http into https, that of the other is left.
  const bool is_web = scheme.empty() || scheme == "http" || scheme == "https";
  for (const std::string_view default_port : {":80", ":443"}) {
    if (is_web && out.ends_with(default_port)) {
      out.resize(out.size() - default_port.size());
      break;
    }
  }
  if (!is_web) {
    out.insert(0, scheme + "://");
  }
  const std::string_view rest = url.substr(host_end);
  const std::string_view path = rest.substr(0, rest.find('?'));
  out += path.empty() ? "/" : path;
  if (path.size() < rest.size()) {
    append_query(out, rest.substr(path.size() + 1), rules);
  }
  return out;
}

std::string url_hash(MediaType media_type, std::string_view url, const DedupeRules& rules) {
  std::string text{to_string(media_type)};
  text += ':';
  text += canonical_url(url, rules);
  return to_hex(xxh3(text, 0)) + to_hex(xxh3(text, 1));
}

}  // namespace freshet
