#pragma once

#include <map>
#include <regex>
#include <string>
#include <string_view>

#include "core/resources.hpp"

namespace freshet::test {

/// All migrations, in their order.
inline std::string all_migrations() {
  std::string sql;
  for (const std::string_view name : resource_names("postgres/")) {
    sql += resource(name);
  }
  return sql;
}

/// Column names and types of a table, by `create table` and by every
/// `alter table <name> add column <column> <type>` behind it.
inline std::map<std::string, std::string> table_columns(const std::string& table) {
  std::map<std::string, std::string> found;
  const std::string sql = all_migrations();
  const std::string begin = "create table " + table + " (\n";
  const std::size_t from = sql.find(begin);
  if (from == std::string::npos) {
    return found;
  }
  const std::regex column{R"(\n? *(\w+) ([\w()\[\]]+).*)"};
  std::size_t at = from + begin.size();
  while (sql.compare(at, 2, ");") != 0) {
    const std::size_t end = sql.find('\n', at);
    const std::string line = sql.substr(at, end - at);
    std::smatch parts;
    if (!line.starts_with("  primary key") && std::regex_match(line, parts, column)) {
      found[parts[1]] = parts[2];
    }
    at = end + 1;
  }
  const std::regex added{"alter table " + table + R"( add column (\w+) ([\w()\[\]]+))"};
  for (std::sregex_iterator it{sql.begin(), sql.end(), added}; it != std::sregex_iterator{}; ++it) {
    found[(*it)[1]] = (*it)[2];
  }
  return found;
}

}  // namespace freshet::test
