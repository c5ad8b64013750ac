#pragma once

#include <optional>
#include <string>
#include <variant>

#include "api/endpoint.hpp"
#include "api/request_handler.hpp"
#include "api/routes.hpp"
#include "api/web/ops/ops_page.hpp"
#include "api/web/site.hpp"
#include "api/web/visit.hpp"
#include "core/config.hpp"
#include "core/time.hpp"

namespace freshet::api::web {

/// Answers requests for pages, and hands all others to the API.
///
/// What the table of endpoints knows is the API's, and so is all below `/v1/`; `/` is ours. What is
/// nobody's is a page where the client takes HTML, else the API's. One for each thread of the
/// server. Everything handed in outlives it. Without `ops` there is no page for operators.
class Front final : public RequestHandler {
 public:
  Front(const Config::Web& config, const SiteShelf& sites, const Clock& clock, Services services,
        const Router& router, RequestHandler& api, OpsPage* ops = nullptr);

  std::optional<std::uint64_t> body_limit(const Request& head) const override;
  Task<Reply> handle(Request request) override;

 private:
  bool is_page(const Request& request) const;
  Task<Reply> answer(const Request& request, std::string_view& label);
  Task<Reply> answer_page(const Visit& visit, std::string_view& label);

  const Pictures pictures_;
  const SiteShelf& sites_;
  const Clock& clock_;
  Services services_;
  const Router& router_;
  RequestHandler& api_;
  const bool takes_reports_;
  OpsPage* const ops_;
};

/// `/ar/search` is `/search` in Arabic.
struct LocalPath {
  const Language* language = nullptr;  ///< null: the path does not say
  std::string prefix;                  ///< `/ar`
  std::string path;                    ///< `/search`
};
LocalPath split_language(std::string_view path);

}  // namespace freshet::api::web
