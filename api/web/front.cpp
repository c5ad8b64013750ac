#include "api/web/front.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "api/usage/notes.hpp"
#include "api/web/escape.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

constexpr std::uint64_t kMostBody = 16 << 10;
// Any work: whether its path has a row is a matter of the table alone.
constexpr std::string_view kAnyReport = "/v1/images/00000000-0000-4000-8000-000000000000/report/";

Pictures pictures_of(const std::string& setting) {
  return setting == "thumbnails"  ? Pictures::thumbnails
         : setting == "providers" ? Pictures::providers
                                  : Pictures::none;
}

bool has_report_endpoint(const Router& router) {
  const auto found = router.find(kAnyReport);
  const Route* const route = std::get_if<Route>(&found);
  return route != nullptr && route->resource->find("POST") != nullptr;
}

/// `/image/<id>` and what may stand behind it.
struct WorkPath {
  Media media = Media::image;
  std::string identifier;  ///< as in the path, in lower case
  std::string rest;        ///< `/report`, or nothing
};

bool is_identifier(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : hex_value(text[i]) < 0) {
      return false;
    }
  }
  // The pipeline makes no others, and the stores know no others.
  return text[14] == '4' && std::string_view{"89abAB"}.find(text[19]) != std::string_view::npos;
}

std::optional<WorkPath> read_work_path(std::string_view path) {
  for (const Media media : {Media::image, Media::audio}) {
    const std::string start = "/" + std::string{store_name(media)} + "/";
    if (path.starts_with(start)) {
      const std::string_view tail = path.substr(start.size());
      const std::string_view identifier = tail.substr(0, tail.find('/'));
      const std::string_view rest = tail.substr(identifier.size());
      if (is_identifier(identifier) && (rest.empty() || rest == "/report")) {
        return WorkPath{media, lower_ascii(identifier), std::string{rest}};
      }
    }
  }
  return std::nullopt;
}

/// Whether a path is one of ours, or lies where ours lie.
bool names_page(std::string_view path) {
  constexpr auto kFirst = std::to_array<std::string_view>(
      {"about", "assets", "audio", "favicon.ico", "image", "licences", "photos", "preferences",
       "robots.txt", "search", "search-help", "sensitive-content", "sources"});
  const std::string_view first = path.empty() ? path : path.substr(1, path.find('/', 1) - 1);
  return std::ranges::find(kFirst, first) != kFirst.end();
}

/// A form that another site had a reader send is not the reader's will.
bool is_from_elsewhere(const Request& request) {
  const std::string& origin = request.page.origin;
  return !origin.empty() && origin != request.base_url;
}

Reply not_allowed(const Visit& visit) {
  Reply reply = message_page(visit, 404);
  reply.status = 405;
  reply.headers.emplace_back("Allow", "GET, HEAD");
  return reply;
}

}  // namespace

LocalPath split_language(std::string_view path) {
  const std::string_view first = path.substr(0, path.find('/', 1));
  const Language* const language = first.empty() ? nullptr : find_language(first.substr(1));
  if (language == nullptr) {
    return {nullptr, "", std::string{path}};
  }
  const std::string_view rest = path.substr(first.size());
  return {language, std::string{first}, rest.empty() ? "/" : std::string{rest}};
}

Front::Front(const Config::Web& config, const SiteShelf& sites, const Clock& clock,
             Services services, const Router& router, RequestHandler& api, OpsPage* ops)
    : pictures_{pictures_of(config.pictures)},
      sites_{sites},
      clock_{clock},
      services_{services},
      router_{router},
      api_{api},
      takes_reports_{has_report_endpoint(router)},
      ops_{ops} {}

bool Front::is_page(const Request& request) const {
  if (request.path == "/" || (ops_ != nullptr && OpsPage::is_ours(request.path))) {
    return true;
  }
  if (request.is_preflight || request.path.starts_with("/v1/") || request.path == "/v1" ||
      !std::holds_alternative<NoRoute>(router_.find(request.path))) {
    return false;
  }
  // What is neither is the API's 404 for programs, and a page for browsers.
  const LocalPath local = split_language(request.path);
  return local.language != nullptr || names_page(local.path) ||
         request.accept.find("text/html") != std::string::npos;
}

std::optional<std::uint64_t> Front::body_limit(const Request& head) const {
  if (!is_page(head)) {
    return api_.body_limit(head);
  }
  const std::string path = split_language(head.path).path;
  const auto work = read_work_path(path);
  const bool takes_form = path == "/preferences" || (work && work->rest == "/report");
  return head.method == "POST" && takes_form ? std::optional{kMostBody} : std::nullopt;
}

Task<Reply> Front::handle(Request request) {
  if (!is_page(request)) {
    co_return co_await api_.handle(std::move(request));
  }
  const auto started_at = std::chrono::steady_clock::now();
  std::string_view label = "web_other";
  Reply reply;
  // Nothing but the reply is lost when a page throws.
  try {
    reply = co_await answer(request, label);
  } catch (const std::exception& fault) {
    log::error("page_failed", {{"page", label}, {"what", fault.what()}});
    reply = {.status = 500,
             .body = "Something went wrong. The fault is ours and has been noted.\n",
             .content_type = "text/plain; charset=utf-8"};
  }
  reply.headers.emplace_back("X-Request-Id", request.request_id);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_at;
  services_.metrics.count_request(label, reply.status, took.count());
  co_return reply;
}

Task<Reply> Front::answer(const Request& request, std::string_view& label) {
  const std::shared_ptr<const Site> site = sites_.get();
  if (ops_ != nullptr && OpsPage::is_ours(request.path)) {
    label = "ops";
    co_return co_await ops_->answer(site, request);
  }
  if (request.path.starts_with("/assets/")) {
    label = "web_asset";
    Reply reply = site->assets.answer(request);
    if (request.path.ends_with(".svg") && (reply.status == 200 || reply.status == 304)) {
      co_await note_embedding(services_, request, "");  // licence icons that other sites show
    }
    co_return reply;
  }
  if (request.path == "/favicon.ico") {
    co_return redirect(301, site->assets.base() + "/mark.svg");
  }
  if (request.path == "/robots.txt") {
    co_return Reply{.status = 200,
                    .body = "User-agent: *\nAllow: /v1/*/thumb/\nDisallow: /v1/\n",
                    .content_type = "text/plain; charset=utf-8"};
  }
  LocalPath local = split_language(request.path);
  const Language& language =
      local.language != nullptr ? *local.language : negotiate(request.page.accept_language);
  const Visit visit{.site = *site,
                    .request = request,
                    .words = site->words.find(language.tag)->second,
                    .pictures = pictures_,
                    .takes_reports = takes_reports_,
                    .prefix = std::move(local.prefix),
                    .path = std::move(local.path),
                    .preferences = read_preferences(request.page.cookie),
                    .is_usage_kept = services_.usage.is_enabled(),
                    .now_micros = clock_.now().micros};
  co_return co_await answer_page(visit, label);
}

Task<Reply> Front::answer_page(const Visit& visit, std::string_view& label) {
  const Request& request = visit.request;
  const std::string& path = visit.path;
  const auto work = read_work_path(path);
  const bool takes_form = path == "/preferences" || (work && work->rest == "/report");
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (!is_read && !(takes_form && request.method == "POST" && !is_from_elsewhere(request))) {
    co_return not_allowed(visit);
  }
  // A path that begins with two slashes would lead to another host.
  if (path.size() > 1 && path.ends_with('/') && !path.starts_with("//")) {
    std::string to = visit.link(path.substr(0, path.find_last_not_of('/') + 1));
    co_return redirect(301, request.query_text.empty() ? to : to + "?" + request.query_text);
  }
  if (path == "/") {
    label = "web_home";
    co_return co_await home_page(visit, services_);
  }
  if (path == "/search" || path == "/search/image" || path == "/search/audio") {
    label = "web_search";
    co_return co_await search_page(visit, services_,
                                   path == "/search"         ? Scope::all
                                   : path == "/search/image" ? Scope::image
                                                             : Scope::audio);
  }
  if (path == "/image/collection" || path == "/audio/collection") {
    label = "web_collection";
    co_return co_await collection_page(visit, services_,
                                       path == "/image/collection" ? Media::image : Media::audio);
  }
  if (work) {
    // Two statements: GCC 12 destroys the arguments of both branches of one.
    if (work->rest.empty()) {
      label = "web_work";
      co_return co_await work_page(visit, services_, work->media, work->identifier);
    }
    label = "web_report";
    co_return co_await report_page(visit, services_, api_, work->media, work->identifier);
  }
  if (path == "/sources") {
    label = "web_sources";
    co_return co_await sources_page(visit, services_);
  }
  if (path == "/preferences") {
    label = "web_preferences";
    co_return preferences_page(visit);
  }
  if (auto text = text_page(visit)) {
    label = "web_text";
    co_return std::move(*text);
  }
  // Links of an older page, which others still have.
  if (path.starts_with("/photos/") && is_identifier(std::string_view{path}.substr(8))) {
    co_return redirect(301, visit.link("/image/" + path.substr(8)));
  }
  co_return message_page(visit, 404);
}

}  // namespace freshet::api::web
