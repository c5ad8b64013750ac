#pragma once

#include <string>
#include <string_view>

#include "api/web/search_state.hpp"
#include "api/web/templates.hpp"
#include "api/web/visit.hpp"

namespace freshet::api::web {

/// A page that is being filled: what every page has, around a content of its own.
class Page {
 public:
  /// @param file   template of the content: `search.html`
  /// @param title  in front of the site's name
  Page(const Visit& visit, std::string_view file, std::string title);

  const Visit& visit() const { return visit_; }
  const Words& words() const { return visit_.words; }
  Dictionary& content() { return *content_; }

  /// Puts another template at a place of `parent`; again and again, for a list.
  Dictionary& include(Dictionary& parent, std::string_view place, std::string_view file) const;
  /// Adds a section that is shown once for each time it is added.
  static Dictionary& add(Dictionary& parent, std::string_view section);

  /// What the box at the top holds. Without it: an empty search for everything.
  void set_search(const SearchState& search);
  /// For search engines and for those who share a link.
  void set_description(std::string_view text);
  void set_share_picture(std::string_view path);
  /// The one address of what is shown here; without the language.
  void set_canonical(std::string_view path);
  void forbid_indexing();
  /// The page has a search box of its own.
  void hide_search_box();

  Reply reply(unsigned status = 200);

 private:
  const Visit& visit_;
  Dictionary layout_;
  Dictionary* content_;
  SearchState search_;
  bool has_search_box_ = true;
  std::string canonical_;
};

/// Headers that every page has: what may be loaded, and who may keep it.
void add_page_headers(Reply& reply, const Visit& visit);

/// A page for what went wrong, or is not there: 404, 410, 500, 503.
Reply message_page(const Visit& visit, unsigned status);

/// 301 or 303 to a path of ours.
Reply redirect(unsigned status, std::string location);

}  // namespace freshet::api::web
