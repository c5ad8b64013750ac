#include "api/web/site.hpp"

#include <utility>

namespace freshet::api::web {
namespace {

std::map<std::string, Words, std::less<>> all_words(const Files& files) {
  std::map<std::string, Words, std::less<>> words;
  for (const Language& language : languages()) {
    words.emplace(language.tag, Words{language, files});
  }
  return words;
}

}  // namespace

Site::Site(const Files& files) : words{all_words(files)}, templates{files, words}, assets{files} {}

SiteShelf::SiteShelf(std::string directory)
    : directory_{std::move(directory)},
      made_{
          std::make_shared<Site>(directory_.empty() ? embedded_files() : files_with(directory_))} {}

std::shared_ptr<const Site> SiteShelf::get() const {
  return directory_.empty() ? made_ : std::make_shared<Site>(files_with(directory_));
}

}  // namespace freshet::api::web
