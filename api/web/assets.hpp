#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/http_message.hpp"
#include "api/web/files.hpp"

namespace freshet::api::web {

/// Styles, scripts and drawings: the files below `web/assets/`.
///
/// They lie below `/assets/<version>/`, where the version follows from what they hold. So a browser
/// keeps one for good, and a new version of any is asked for at a new address; scripts import each
/// other by relative paths.
class Assets {
 public:
  explicit Assets(const Files& files);

  /// `/assets/<version>`
  const std::string& base() const { return base_; }

  /// The asset of a path, 304 when the browser has it, 404 when there is none. A path with another
  /// version gets what there is now, to be asked for again next time.
  Reply answer(const Request& request) const;

 private:
  struct Asset {
    std::string text;
    std::string compressed;
    std::string_view content_type;
  };
  std::map<std::string, Asset, std::less<>> assets_;
  std::string version_;
  std::string base_;
};

}  // namespace freshet::api::web
