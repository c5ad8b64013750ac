#pragma once

#include <map>
#include <memory>
#include <string>

#include "api/web/assets.hpp"
#include "api/web/files.hpp"
#include "api/web/templates.hpp"
#include "api/web/words.hpp"

namespace freshet::api::web {

/// All that pages are made of. Does not change once it is made; all threads share it.
struct Site {
  /// @error StartupError when a template cannot be read.
  explicit Site(const Files& files);

  const std::map<std::string, Words, std::less<>> words;  ///< by tag of the language
  const Templates templates;
  const Assets assets;
};

/// The site in use: made once, or, while somebody works on its files, anew for each page.
class SiteShelf {
 public:
  /// @param directory  empty: what the binary holds
  /// @error StartupError when there is no site in it.
  explicit SiteShelf(std::string directory);

  /// @error StartupError when a file below the directory was made unusable meanwhile.
  std::shared_ptr<const Site> get() const;

 private:
  std::string directory_;
  std::shared_ptr<const Site> made_;
};

}  // namespace freshet::api::web
