#pragma once

#include <cstdint>
#include <string>

#include "api/http_message.hpp"
#include "api/web/preferences.hpp"
#include "api/web/site.hpp"

namespace freshet::api::web {

/// Where pictures come from: docs/web.md.
enum class Pictures { none, thumbnails, providers };

/// One request for a page, and what was found out about it.
struct Visit {
  const Site& site;
  const Request& request;
  const Words& words;
  Pictures pictures = Pictures::none;
  bool takes_reports = false;  ///< the API has an endpoint for them
  std::string prefix;          ///< of the language: `/ar`, or nothing where the browser chose it
  std::string path;            ///< without the prefix
  Preferences preferences;
  bool is_usage_kept = false;  ///< by this installation, of those who do not opt out
  std::int64_t now_micros = 0;

  const Language& language() const { return words.language(); }
  /// Whether this page may say how it is used.
  bool is_counted() const { return is_usage_kept && !request.page.opts_out; }
  /// A path of ours in the language of this page.
  std::string link(std::string_view to) const { return prefix + std::string{to}; }
};

}  // namespace freshet::api::web
