#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "api/items.hpp"
#include "api/media.hpp"

namespace freshet::api {

/// Statement `<media>_rows`: parameter 1 is an array of UUIDs as text.
std::string rows_statement(Media media);
/// Statement `<media>_former`: parameter 1 is one UUID, which a work had before a migration.
std::string former_statement(Media media);

/// Rows in the columns of both statements.
std::vector<WorkRow> read_rows(const pqxx::result& result, Media media);

/// `{a,b}`: an array of UUIDs that `is_uuid_v4` or the index vouches for.
std::string uuid_array(const std::vector<std::string>& identifiers);

}  // namespace freshet::api
