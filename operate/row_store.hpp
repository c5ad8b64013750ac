#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "core/check.hpp"
#include "core/postgres/connection.hpp"

namespace freshet {

/// Asks PostgreSQL once, for a command.
/// @param question  called with a `pqxx::work`, which is committed when it returns
/// @error StartupError: it does not answer, or not as it should. What the question throws of ours
///        passes.
template <class Question>
auto ask_postgres(const std::string& dsn, Question question) {
  constexpr std::chrono::seconds kLimit{30};
  postgres::Connection connection{{.dsn = dsn, .application = "freshet"}};
  auto answer = connection.run(Deadline::in(kLimit), {}, [&](pqxx::connection_base& open) {
    pqxx::work work{open};
    auto given = question(work);
    work.commit();
    return given;
  });
  if (!answer) {
    throw StartupError{answer.error().message()};
  }
  return std::move(*answer);
}

}  // namespace freshet
