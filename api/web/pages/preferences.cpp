#include "api/query_string.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"

namespace freshet::api::web {
namespace {

Preferences read_form(const Visit& visit) {
  const Query form = Query::parse(visit.request.body);
  const std::string* const theme = form.find("theme");
  Preferences chosen;
  chosen.theme = theme != nullptr && *theme == "light"  ? Theme::light
                 : theme != nullptr && *theme == "dark" ? Theme::dark
                                                        : Theme::system;
  chosen.with_sensitive = form.contains("sensitive");
  chosen.is_blurred = form.contains("blurred");
  // Where nothing is kept the form does not ask, and the choice stays for other days.
  chosen.is_counted = visit.is_usage_kept ? form.contains("counted") : visit.preferences.is_counted;
  return chosen;
}

}  // namespace

Reply preferences_page(const Visit& visit) {
  if (visit.request.method == "POST") {
    Reply reply = redirect(303, visit.link("/preferences?saved"));
    const bool is_secure = visit.request.base_url.starts_with("https:");
    for (std::string& cookie : preference_cookies(read_form(visit), is_secure)) {
      reply.headers.emplace_back("Set-Cookie", std::move(cookie));
    }
    return reply;
  }
  Page page{visit, "preferences.html", visit.words.text(msg("Preferences"))};
  page.forbid_indexing();
  Dictionary& content = page.content();
  show(content, "SAVED", visit.request.query.contains("saved"));
  const Preferences& now = visit.preferences;
  show(content,
       now.theme == Theme::light  ? "IS_LIGHT"
       : now.theme == Theme::dark ? "IS_DARK"
                                  : "IS_SYSTEM",
       true);
  show(content, "WITH_SENSITIVE", now.with_sensitive);
  show(content, "BLURRED", now.is_blurred);
  if (visit.is_usage_kept) {
    Dictionary& usage = Page::add(content, "USAGE");
    show(usage, "IS_COUNTED", now.is_counted);
    show(usage, "SIGNAL", now.is_counted && visit.request.page.opts_out);
  }
  return page.reply();
}

}  // namespace freshet::api::web
