#pragma once

#include <string>

#include "api/items.hpp"
#include "api/web/words.hpp"

namespace freshet::api::web {

/// What is said when a work is credited. Any of the texts may be empty and may hold anything.
struct Credit {
  std::string title;
  std::string creator;
  std::string creator_url;
  std::string landing_url;
  std::string licence;  ///< with its version: `CC BY 4.0`
  std::string licence_url;
  bool is_public_domain = false;
};

Credit credit_of(const WorkRow& row);

/// HTML of one paragraph, well-formed for any text. Only addresses of the web become links.
std::string html_attribution(const Credit& credit, const Words& words);
/// One line without markup.
std::string text_attribution(const Credit& credit, const Words& words);
/// An XML document in Dublin Core terms, well-formed for any text.
std::string xml_attribution(const Credit& credit);

}  // namespace freshet::api::web
