#include "api/web/page.hpp"

#include <utility>

#include "api/web/compression.hpp"
#include "api/web/escape.hpp"

namespace freshet::api::web {
namespace {

constexpr int kCompression = 5;

ctemplate::TemplateString as_template_string(std::string_view text) {
  return {text.data(), text.size()};
}

std::string security_policy(Pictures pictures) {
  std::string policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'";
  if (pictures == Pictures::providers) {
    policy += " https: http:";
  }
  // Recordings are played from the works' own servers, once a reader asks for it.
  return policy + "; media-src 'self' https: http:";
}

}  // namespace

Page::Page(const Visit& visit, std::string_view file, std::string title)
    : visit_{visit}, layout_{"page"}, canonical_{visit.path} {
  content_ = &include(layout_, "CONTENT", file);
  const Language& language = visit.language();
  const auto everywhere = [&](std::string_view name, std::string_view value) {
    layout_.SetTemplateGlobalValue(as_template_string(name), as_template_string(value));
  };
  everywhere("ASSETS", visit.site.assets.base());
  everywhere("PREFIX", visit.prefix);
  set(layout_, "LANG", language.tag);
  show(layout_, "COUNTED", visit.is_counted());
  set(layout_, "DIR", language.is_right_to_left ? "rtl" : "ltr");
  set(layout_, "THEME", to_string(visit.preferences.theme));
  set(layout_, "TITLE", title.empty() ? "Freshet" : std::move(title) + " · Freshet");
  set(layout_, "PAGE_URL", visit.request.base_url + visit.link(visit.path));
  const std::string query = visit.request.query_text.empty() ? "" : "?" + visit.request.query_text;
  for (const Language& other : languages()) {
    if (other.is_pseudo) {
      continue;
    }
    Dictionary& entry = add(layout_, "LANGUAGE");
    set(entry, "TAG", other.tag);
    set(entry, "NAME", other.name);
    set(entry, "HREF", "/" + std::string{other.tag} + visit.path + query);
    set(entry, "URL", visit.request.base_url + "/" + std::string{other.tag} + visit.path + query);
    show(entry, "IS_THIS", other.tag == language.tag);
  }
}

Dictionary& Page::include(Dictionary& parent, std::string_view place, std::string_view file) const {
  Dictionary* const included = parent.AddIncludeDictionary(as_template_string(place));
  included->SetFilename(Templates::name(visit_.language(), file));
  return *included;
}

Dictionary& Page::add(Dictionary& parent, std::string_view section) {
  return *parent.AddSectionDictionary(as_template_string(section));
}

void Page::set_search(const SearchState& search) { search_ = search; }

void Page::set_description(std::string_view text) {
  set(add(layout_, "DESCRIPTION"), "TEXT", text);
}

void Page::set_share_picture(std::string_view path) {
  set(add(layout_, "SHARE_PICTURE"), "URL", visit_.request.base_url + std::string{path});
}

void Page::set_canonical(std::string_view path) { canonical_ = path; }

void Page::forbid_indexing() { show(layout_, "NO_INDEX", true); }

void Page::hide_search_box() { has_search_box_ = false; }

Reply Page::reply(unsigned status) {
  SearchState plain = without_filters(search_);
  plain.words.clear();
  plain.is_newest_first = false;
  if (has_search_box_) {
    Dictionary& box = add(layout_, "WITH_BOX");
    set(box, "SEARCH_ACTION", search_path(visit_.prefix, plain));
    set(box, "QUERY", search_.words);
  }
  set(layout_, "CANONICAL", visit_.request.base_url + visit_.link(canonical_));
  Reply reply{.status = status,
              .body = visit_.site.templates.expand(visit_.language(), "layout.html", layout_),
              .content_type = "text/html; charset=utf-8"};
  add_page_headers(reply, visit_);
  if (accepts_gzip(visit_.request.page.accept_encoding)) {
    reply.body = gzipped(reply.body, kCompression);
    reply.headers.emplace_back("Content-Encoding", "gzip");
  }
  return reply;
}

void add_page_headers(Reply& reply, const Visit& visit) {
  reply.headers.emplace_back("Content-Language", visit.language().tag);
  reply.headers.emplace_back("Content-Security-Policy", security_policy(visit.pictures));
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  reply.headers.emplace_back("Referrer-Policy", "same-origin");
  reply.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  // Seconds: what is taken down is gone from caches, too. A reader's own choices are in it.
  reply.headers.emplace_back("Cache-Control",
                             reply.status == 200 ? "private, max-age=10" : "no-store");
  reply.headers.emplace_back("Vary", "Accept-Encoding, Accept-Language, Cookie, Referer");
}

Reply message_page(const Visit& visit, unsigned status) {
  const Words& words = visit.words;
  struct Message {
    const char* title;
    const char* text;
  };
  const Message message =
      status == 404 ? Message{msg("There is no such page"),
                              msg("The address may be mistyped, or what was here has moved. "
                                  "A search finds it if it is still in the catalogue.")}
      : status == 410
          ? Message{msg("This work is gone"),
                    msg("It was taken down, or its source does not offer it any more. Copies that "
                        "were made under its licence keep that licence.")}
      : status == 503 ? Message{msg("This takes too long right now"),
                                msg("The catalogue did not answer in time. Try again in a few "
                                    "seconds.")}
      : status == 400 || status == 413
          ? Message{msg("This could not be understood"), msg("Go back and try once more.")}
          : Message{msg("Something went wrong"),
                    msg("The fault is ours and has been noted. Try again, or search for something "
                        "else.")};
  Page page{visit, "message.html", words.text(message.title)};
  page.forbid_indexing();
  set(page.content(), "HEADING", words.text(message.title));
  set(page.content(), "TEXT", words.text(message.text));
  set(page.content(), "STATUS", std::to_string(status));
  if (status == 503) {
    set(Page::add(page.content(), "AGAIN"), "HREF",
        visit.link(visit.path) +
            (visit.request.query_text.empty() ? "" : "?" + visit.request.query_text));
  }
  Reply reply = page.reply(status);
  if (status == 503) {
    reply.headers.emplace_back("Retry-After", "5");
  }
  return reply;
}

Reply redirect(unsigned status, std::string location) {
  Reply reply{
      .status = status, .body = "", .content_type = "text/html; charset=utf-8", .headers = {}};
  reply.headers.emplace_back("Location", std::move(location));
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

}  // namespace freshet::api::web
