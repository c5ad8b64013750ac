#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace freshet::postgres {

/// `dsn` with our defaults, unless the DSN or the environment says otherwise: at most 4 s to
/// connect (`connect_timeout`; with two hosts or more 2 s for each, the least that libpq knows), at
/// most 10 s without a sign of life from the host while data are on their way (`tcp_user_timeout`),
/// and a name in pg_stat_activity (`fallback_application_name`).
///
/// @param dsn          libpq's `key=value …` or `postgresql://…`
/// @param application  such as `freshet api`
/// @return `key='value' …`. A DSN that libpq cannot read comes back as it is: connecting says what
///         is wrong with it.
std::string conninfo(const std::string& dsn, std::string_view application);

/// The same, one for each host of the DSN in its order: for who connects without blocking. There
/// libpq keeps no `connect_timeout`, so a host that does not answer would be waited for to the end
/// of the caller's own limit, and no other one tried.
///
/// @return one or more. One with all hosts where only libpq can choose among them
///         (`target_session_attrs=prefer-standby`), or where their lists do not fit together.
std::vector<std::string> conninfo_by_host(const std::string& dsn, std::string_view application);

/// The same DSN for a session in which unqualified names mean the tables of these schemas, the
/// first that has one. Other `options` of the DSN or of PGOPTIONS stay.
///
/// @param schemas  as SQL writes them: quoted where they need it
std::string with_search_path(const std::string& dsn, const std::vector<std::string>& schemas);

}  // namespace freshet::postgres
