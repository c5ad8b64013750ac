#include "api/web/finder.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"
#include "api/web/view.hpp"
#include "core/json_writer.hpp"
#include "core/utf8.hpp"

namespace freshet::api::web {
namespace {

constexpr std::size_t kLeast = 20;  // characters that say what is wrong with a work
constexpr std::size_t kMost = 500;  // and the most that the API takes

enum class Outcome { asked, sent, too_short, failed };

struct Report {
  std::string reason;
  std::string description;
};

Report read_report(const Request& request) {
  const Query form = Query::parse(request.body);
  const auto text = [&](std::string_view name) {
    const std::string* const value = form.find(name);
    return value == nullptr ? std::string{} : std::string{trim_space(*value)};
  };
  return {.reason = text("reason"), .description = text("description")};
}

/// Hands a report to the API as a client of it would, but without a connection.
Task<bool> send(const Visit& visit, RequestHandler& api, Media media, const WorkRow& row,
                const Report& report) {
  Request request = visit.request;
  request.path = "/v1/" + std::string{path_name(media)} + "/" + row.identifier + "/report/";
  request.query_text.clear();
  request.query = {};
  request.content_type = "application/json";
  request.body.clear();
  ObjectWriter object{request.body};
  object.text("identifier", row.identifier);
  object.text("reason", report.reason);
  object.text("description", report.description);
  object.close();
  const Reply reply = co_await api.handle(std::move(request));
  co_return reply.status / 100 == 2;
}

Reply form_page(const Visit& visit, Media media, const WorkRow& row, const Report& report,
                Outcome outcome) {
  const Words& words = visit.words;
  Page page{visit, "report.html", words.text(msg("Report this work"))};
  page.forbid_indexing();
  Dictionary& content = page.content();
  const std::string path = "/" + std::string{store_name(media)} + "/" + row.identifier;
  set(content, "TITLE",
      is_veiled(visit, row) ? words.text(msg("Sensitive content"))
                            : shown_title(words, media, row));
  set(content, "WORK", visit.link(path));
  set(content, "ACTION", visit.link(path + "/report"));
  if (!visit.takes_reports) {
    show(content, "CLOSED", true);
    return page.reply();
  }
  if (outcome == Outcome::sent) {
    show(content, "SENT", true);
    return page.reply();
  }
  Dictionary& form = Page::add(content, "FORM");
  set(form, "DESCRIPTION", report.description);
  show(form,
       report.reason == "sensitive" ? "IS_SENSITIVE"
       : report.reason == "other"   ? "IS_OTHER"
                                    : "IS_DMCA",
       true);
  show(content, "TOO_SHORT", outcome == Outcome::too_short);
  show(form, "INVALID", outcome == Outcome::too_short);
  show(content, "FAILED", outcome == Outcome::failed);
  return page.reply(outcome == Outcome::too_short ? 400 : outcome == Outcome::failed ? 502 : 200);
}

}  // namespace

Task<Reply> report_page(const Visit& visit, Services services, RequestHandler& api, Media media,
                        std::string identifier) {
  const Lookup lookup = co_await find_one(services, visit.request, media, std::move(identifier));
  if (lookup.failure != 0) {
    co_return message_page(visit, lookup.failure);
  }
  if (!lookup.work) {
    co_return message_page(visit, lookup.is_gone ? 410 : 404);
  }
  if (visit.request.method != "POST" || !visit.takes_reports) {
    co_return form_page(visit, media, *lookup.work, {}, Outcome::asked);
  }
  Report report = read_report(visit.request);
  report.description = first_code_points(report.description, kMost);
  if (report.reason == "other" && count_code_points(report.description) < kLeast) {
    co_return form_page(visit, media, *lookup.work, report, Outcome::too_short);
  }
  const bool sent = co_await send(visit, api, media, *lookup.work, report);
  co_return form_page(visit, media, *lookup.work, report, sent ? Outcome::sent : Outcome::failed);
}

}  // namespace freshet::api::web
