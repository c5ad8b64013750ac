#pragma once

#include <string>
#include <string_view>

#include "api/endpoint.hpp"
#include "api/request_handler.hpp"
#include "api/web/search_state.hpp"
#include "api/web/visit.hpp"

namespace freshet::api::web {

// One function for each kind of page, in pages/. `visit` outlives the coroutine.

Task<Reply> home_page(const Visit& visit, Services services);
Task<Reply> search_page(const Visit& visit, Services services, Scope scope);
/// Works by tag, by source, or by creator at a source, as the query says.
Task<Reply> collection_page(const Visit& visit, Services services, Media media);
Task<Reply> work_page(const Visit& visit, Services services, Media media, std::string identifier);
/// GET shows the form; POST hands a report to the API.
Task<Reply> report_page(const Visit& visit, Services services, RequestHandler& api, Media media,
                        std::string identifier);
Task<Reply> sources_page(const Visit& visit, Services services);
/// GET shows the choices; POST keeps them in cookies and leads back.
Reply preferences_page(const Visit& visit);
/// The pages that are nothing but text; nothing where the path is none of these.
std::optional<Reply> text_page(const Visit& visit);

}  // namespace freshet::api::web
