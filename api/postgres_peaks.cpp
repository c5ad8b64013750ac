#include "api/postgres_peaks.hpp"

#include "api/postgres_pool.hpp"
#include "api/postgres_rows.hpp"
#include "core/json.hpp"
#include "core/key.hpp"

namespace freshet::api {
namespace {

constexpr std::size_t kMostPoints = 1'500;

postgres::ConnectionOptions connection_options(const std::string& dsn) {
  // Nothing is prepared: a database that lacks the table must not keep the API from searching.
  return {
      .dsn = dsn, .application = "freshet api peaks", .setup = {"set statement_timeout = 4500"}};
}

}  // namespace

std::optional<std::vector<double>> read_peaks(std::string_view text) {
  const Result<json::value> parsed = parse_json(text);
  if (!parsed || !parsed->is_array() || parsed->get_array().empty() ||
      parsed->get_array().size() > kMostPoints) {
    return std::nullopt;
  }
  std::vector<double> points;
  for (const json::value& point : parsed->get_array()) {
    if (!point.is_number()) {
      return std::nullopt;
    }
    points.push_back(point.to_number<double>());
    if (!(points.back() >= 0 && points.back() <= 1)) {
      return std::nullopt;
    }
  }
  return points;
}

struct PostgresPeaks::Impl {
  Impl(const std::string& dsn, int connections) : pool{connection_options(dsn), connections} {}
  PostgresPool pool;
};

PostgresPeaks::PostgresPeaks(const std::string& dsn, int connections)
    : impl_{std::make_unique<Impl>(dsn, connections)} {}

PostgresPeaks::~PostgresPeaks() = default;

Task<Result<Peaks>> PostgresPeaks::find(std::vector<std::string> identifiers, Deadline deadline) {
  std::erase_if(identifiers, [](const std::string& id) { return !is_uuid_v4(id); });
  if (identifiers.empty()) {
    co_return Peaks{};
  }
  std::function<Peaks(pqxx::connection_base&)> ask =
      [array = uuid_array(identifiers)](pqxx::connection_base& open) {
        pqxx::nontransaction session{open};
        Peaks found;
        for (const pqxx::row& row : session.exec_params(
                 "select p.identifier, p.peaks from audio_peaks p join audio_live w on "
                 "w.identifier = p.identifier where p.identifier = any ($1::uuid[]) and p.of_url = "
                 "md5(w.url)",
                 array)) {
          found.emplace(row[0].as<std::string>(), row[1].as<std::string>());
        }
        return found;
      };
  co_return co_await impl_->pool.run<Peaks>(deadline, std::move(ask));
}

Task<Result<bool>> PostgresPeaks::add(std::string identifier, std::string url, std::string peaks,
                                      Deadline deadline) {
  // Of a work that was taken down meanwhile none is kept.
  std::function<bool(pqxx::connection_base&)> ask =
      [identifier = std::move(identifier), url = std::move(url),
       peaks = std::move(peaks)](pqxx::connection_base& open) {
        pqxx::nontransaction session{open};
        return session
                   .exec_params(
                       "insert into audio_peaks (identifier, of_url, peaks) select w.identifier, "
                       "md5($2), $3::json from audio_live w where w.identifier = $1::uuid on "
                       "conflict (identifier) do update set of_url = excluded.of_url, peaks = "
                       "excluded.peaks, made_at = now()",
                       identifier, url, peaks)
                   .affected_rows() > 0;
      };
  co_return co_await impl_->pool.run<bool>(deadline, std::move(ask));
}

}  // namespace freshet::api
