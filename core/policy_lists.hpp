#pragma once

#include <string>

#include "core/json.hpp"
#include "core/policy_rules.hpp"
#include "core/result.hpp"

namespace freshet {

/// The rule `sources`: `{"sources":[{"name","display_name","source_url","media_types","hidden"}]}`,
/// where all members but `name` and `media_types` may be absent.
/// @return by folded name.
/// @error Retry::never; the field names the entry by its position from 0 and the member
///        (`rule.sources[2].media_types`), the message also its name.
Result<SourcesRule> parse_sources_rule(const json::value& rule);
std::string encode(const SourcesRule& rule);

/// The rule `http_hosts`: `{"hosts":["old.example.org"]}`.
/// @return lower case, sorted, without repeats.
/// @error Retry::never; the field names the entry: `rule.hosts[2]`.
Result<HttpHostsRule> parse_http_hosts_rule(const json::value& rule);
std::string encode(const HttpHostsRule& rule);

}  // namespace freshet
