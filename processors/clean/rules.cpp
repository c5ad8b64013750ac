#include "processors/clean/rules.hpp"

#include <boost/json/parse.hpp>

namespace freshet {

Result<CleanRules> parse_clean_rules(std::string_view json) {
  const Error malformed{Errc::malformed_payload, Retry::never,
                        "rules: `http_only_hosts` must be a list of host names"};
  boost::system::error_code error;
  const boost::json::value root = boost::json::parse(json, error);
  const boost::json::object* const object = error ? nullptr : root.if_object();
  const boost::json::value* const hosts =
      object == nullptr ? nullptr : object->if_contains("http_only_hosts");
  if (hosts == nullptr || !hosts->is_array()) {
    return malformed;
  }
  CleanRules rules;
  for (const boost::json::value& host : hosts->get_array()) {
    if (!host.is_string()) {
      return malformed;
    }
    rules.http_only_hosts.emplace_back(host.get_string());
  }
  return rules;
}

}  // namespace freshet
