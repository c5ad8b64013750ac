#include "api/lookups.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "core/log.hpp"

namespace freshet::api {
namespace {

/// A source has one form in replies, whatever the case in which its works came.
void show_source(WorkRow& row, const Sources& sources) {
  if (row.text<Field::source>()) {
    row.text<Field::source>() = std::string{sources.all.shown(*row.text<Field::source>())};
  }
}

}  // namespace

std::string preference_of(const Request& request) {
  return "c" + std::to_string(std::hash<std::string>{}(request.client_address));
}

Reply store_failed(ApiMetrics& metrics, std::string_view store, const Error& error) {
  metrics.count_failure(store, to_string(error.errc()));
  log::warn("store_read_failed",
            {{"store", store}, {"errc", to_string(error.errc())}, {"reason", error.message()}});
  const bool is_postgres = store == "postgres";
  const Errc errc = error.errc();
  if (errc == Errc::unreachable || errc == Errc::timed_out || errc == Errc::throttled) {
    Reply reply = error_reply(
        503, (is_postgres ? "Database unavailable: " : "Search unavailable: ") + error.message());
    reply.headers.emplace_back("Retry-After", "5");
    return reply;
  }
  // What the index says is part of the wire; what Postgres says of tables is nobody's business.
  return error_reply(500, is_postgres ? "An internal server error occurred." : error.message());
}

Task<Result<Hits>> ask_index(Services services, const Call& call, std::string query) {
  const Result<std::string> body = co_await services.index.search(
      call.media, std::move(query), preference_of(call.request), call.deadline);
  if (!body) {
    co_return body.error();
  }
  co_return read_hits(*body);
}

std::variant<Hits, Reply> accept_hits(Services services, Media media, Result<Hits> hits) {
  if (!hits) {
    return store_failed(services.metrics, "elasticsearch", hits.error());
  }
  if (!hits->lacking.empty()) {
    services.metrics.count_incomplete("documents");
    log::warn(
        "search_incomplete",
        {{"lacking", "documents"}, {"media_type", store_name(media)}, {"reason", hits->lacking}});
  }
  return std::move(*hits);
}

Task<std::variant<std::vector<WorkRow>, Reply>> find_rows(Services services, const Call& call,
                                                          const Hits& hits) {
  std::vector<std::string> identifiers;
  identifiers.reserve(hits.hits.size());
  for (const Hit& hit : hits.hits) {
    identifiers.push_back(hit.identifier);
  }
  Result<std::vector<WorkRow>> found =
      co_await services.store.find(call.media, std::move(identifiers), call.deadline);
  if (!found) {
    co_return store_failed(services.metrics, "postgres", found.error());
  }
  const auto sources = services.sources.get(call.media);
  // A row may be newer than the document that was found.
  std::erase_if(*found, [&](const WorkRow& row) {
    return row.text<Field::source>() && sources->hidden.contains(*row.text<Field::source>());
  });
  for (WorkRow& row : *found) {
    show_source(row, *sources);
  }
  co_return std::move(*found);
}

Deadline store_deadline(const Call& call) {
  return Deadline{std::min(call.deadline.at(), call.request.arrived_at + kRequestLimit)};
}

Task<std::variant<std::optional<WorkRow>, Reply>> find_work(Services services, const Call& call) {
  Result<std::optional<WorkRow>> row =
      co_await services.store.find_one(call.media, call.identifier, store_deadline(call));
  if (!row) {
    co_return store_failed(services.metrics, "postgres", row.error());
  }
  const auto sources = services.sources.get(call.media);
  if (*row && sources->hidden.contains((*row)->text<Field::source>().value_or(""))) {
    row->reset();
  }
  if (*row) {
    show_source(**row, *sources);
  }
  co_return std::move(*row);
}

Task<Peaks> find_peaks(Services services, const Call& call, bool wanted,
                       std::vector<std::string> identifiers) {
  if (!wanted || call.media != Media::audio) {
    co_return Peaks{};
  }
  Result<Peaks> found = co_await services.peaks.find(std::move(identifiers), call.deadline);
  if (!found) {
    services.metrics.count_incomplete("peaks");
    const Error fault = found.error();
    log::warn("search_incomplete", {{"lacking", "peaks"}, {"reason", fault.message()}});
    co_return Peaks{};
  }
  co_return std::move(*found);
}

std::vector<std::string> identifiers_of(const std::vector<WorkRow>& rows) {
  std::vector<std::string> identifiers;
  for (const WorkRow& row : rows) {
    identifiers.push_back(row.identifier);
  }
  return identifiers;
}

std::vector<ListItem> pair_items(Services services, const Hits& hits,
                                 const std::vector<WorkRow>& rows) {
  std::map<std::string_view, const WorkRow*> by_identifier;
  for (const WorkRow& row : rows) {
    by_identifier.emplace(row.identifier, &row);
  }
  std::vector<ListItem> items;
  for (const Hit& hit : hits.hits) {
    if (const auto found = by_identifier.find(hit.identifier); found != by_identifier.end()) {
      items.push_back({found->second, &hit.fields_matched});
    }
  }
  services.metrics.hits_without_row.add(static_cast<double>(hits.hits.size() - items.size()));
  return items;
}

}  // namespace freshet::api
