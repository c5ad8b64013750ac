#pragma once

#include <variant>

#include "api/api_metrics.hpp"
#include "api/caller.hpp"
#include "api/request_handler.hpp"
#include "api/routes.hpp"
#include "api/search_reply.hpp"
#include "api/sources.hpp"
#include "api/stores.hpp"

namespace freshet::api {

/// Answers requests: finds the route, checks what was asked, asks the stores, builds the reply.
///
/// One for each thread of the server. Everything handed in outlives it.
class Handlers final : public RequestHandler {
 public:
  Handlers(SearchIndex& index, WorkStore& store, SourceDirectory& sources, ApiMetrics& metrics)
      : index_{index}, store_{store}, sources_{sources}, metrics_{metrics} {}

  Task<Reply> handle(Request request) override;

 private:
  Task<Reply> dispatch(Route route, Request request, Caller caller);
  Task<Reply> search(Media media, Request request, Caller caller);
  Task<Reply> detail(Route route, Request request);
  Task<Reply> related(Route route, Request request);
  Task<Reply> oembed(Request request);
  Task<Reply> stats(Media media);
  Task<Reply> healthcheck(Request request);

  /// Asks the index and reads its hits; the second is what went wrong, as a reply.
  Task<std::variant<Hits, Reply>> find_hits(Media media, std::string query, std::string preference);
  /// The live works among these; what is not live is not there.
  Task<std::variant<std::vector<WorkRow>, Reply>> find_rows(Media media,
                                                            std::vector<std::string> identifiers);
  Reply store_failed(std::string_view store, const Error& error);

  SearchIndex& index_;
  WorkStore& store_;
  SourceDirectory& sources_;
  ApiMetrics& metrics_;
};

}  // namespace freshet::api
