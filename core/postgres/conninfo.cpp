#include "core/postgres/conninfo.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>

namespace freshet::postgres {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

void append(std::string& out, std::string_view keyword, std::string_view value) {
  if (!out.empty()) {
    out += ' ';
  }
  out.append(keyword).append("='");
  for (const char c : value) {
    if (c == '\'' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  out += '\'';
}

std::string_view value_of(const PQconninfoOption& option) {
  const char* value = option.val;
  if (value == nullptr && option.envvar != nullptr) {
    value = std::getenv(option.envvar);
  }
  return value == nullptr ? "" : value;
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = list.find(',');
    parts.push_back(list.substr(0, comma));
    if (comma == std::string_view::npos) {
      return parts;
    }
    list.remove_prefix(comma + 1);
  }
}

using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::string_view value_of(const Options& options, std::string_view keyword) {
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->keyword == keyword) {
      return value_of(*one);
    }
  }
  return "";
}

/// How many hosts libpq tries one after the other.
std::size_t count_hosts(const Options& options) {
  return std::max(split(value_of(options, "host")).size(),
                  split(value_of(options, "hostaddr")).size());
}

/// What we say where nobody else does; empty: nothing.
std::string_view default_of(std::string_view keyword, std::string_view application,
                            std::size_t hosts) {
  if (keyword == "connect_timeout") {
    // s, of each host: together below the 5 s that a request to the API may take. libpq takes less
    // than 2 for 2.
    return hosts == 1 ? "4" : "2";
  }
  if (keyword == "tcp_user_timeout") {
    return "10000";  // ms: a host that vanished without a word
  }
  return keyword == "fallback_application_name" ? application : "";
}

/// Lists that say something of each host.
constexpr std::array<std::string_view, 3> kByHost{"host", "hostaddr", "port"};

/// @param own  in place of what the options say.
std::string join(const Options& options, std::string_view application,
                 const std::map<std::string_view, std::string_view>& own) {
  const std::size_t hosts = count_hosts(options);
  std::string out;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (const auto ours = own.find(option->keyword); ours != own.end()) {
      append(out, option->keyword, ours->second);
      continue;
    }
    if (option->val != nullptr) {
      append(out, option->keyword, option->val);
      continue;
    }
    const bool is_in_environment =
        option->envvar != nullptr && std::getenv(option->envvar) != nullptr;
    const std::string_view ours = default_of(option->keyword, application, hosts);
    if (!ours.empty() && !is_in_environment) {
      append(out, option->keyword, ours);
    }
  }
  return out;
}

}  // namespace

std::string conninfo(const std::string& dsn, std::string_view application) {
  const Options options{PQconninfoParse(dsn.c_str(), nullptr)};
  return options ? join(options, application, {}) : dsn;
}

std::vector<std::string> conninfo_by_host(const std::string& dsn, std::string_view application) {
  const Options options{PQconninfoParse(dsn.c_str(), nullptr)};
  if (!options) {
    return {dsn};
  }
  const std::size_t hosts = count_hosts(options);
  std::vector<std::map<std::string_view, std::string_view>> own(hosts);
  bool fits = hosts > 1 && value_of(options, "target_session_attrs") != "prefer-standby";
  for (const std::string_view keyword : kByHost) {
    const std::string_view list = value_of(options, keyword);
    if (list.empty()) {
      continue;
    }
    const auto parts = split(list);
    const bool is_for_all = keyword == "port" && parts.size() == 1;
    fits = fits && (is_for_all || parts.size() == hosts);
    for (std::size_t i = 0; fits && i < hosts; ++i) {
      own[i][keyword] = parts[is_for_all ? 0 : i];
    }
  }
  if (!fits) {
    return {join(options, application, {})};
  }
  std::vector<std::string> all;
  for (const auto& one : own) {
    all.push_back(join(options, application, one));
  }
  return all;
}

std::string with_search_path(const std::string& dsn, const std::vector<std::string>& schemas) {
  const Options options{PQconninfoParse(dsn.c_str(), nullptr)};
  if (options == nullptr) {
    return dsn;
  }
  std::string all{value_of(options, "options")};
  all += all.empty() ? "-csearch_path=" : " -csearch_path=";
  for (const std::string& schema : schemas) {
    all += &schema == &schemas.front() ? "" : ",";
    // The server splits options at blanks.
    for (const char c : schema) {
      if (c == ' ' || c == '\\') {
        all += '\\';
      }
      all += c;
    }
  }
  return join(options, "", {{"options", all}});
}

}  // namespace freshet::postgres
