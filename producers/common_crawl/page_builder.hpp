#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crawl/page.hpp"
#include "core/result.hpp"

namespace freshet {

/// Makes a page of its address and its links. Counting waits until the page is known to have a
/// licence link: few have one.
class PageBuilder {
 public:
  /// @param target_uri  of the page; views must outlive the builder.
  explicit PageBuilder(std::string_view target_uri);

  /// @param html_path  element and attribute; nothing: the link does not say.
  void link(std::optional<std::string_view> html_path, std::string_view url);
  bool has_licence_link() const noexcept { return has_licence_link_; }

  /// The page without its place in the crawl.
  /// @error Errc::missing_field with the field `path`, Errc::invalid_value with the rule `url`: as
  ///        the original, which leaves such a page out.
  Result<CrawledPage> build() const;

 private:
  struct Link {
    std::optional<std::string_view> html_path;
    std::string_view url;
    bool is_licence;
  };

  std::string_view target_uri_;
  std::vector<Link> links_;
  bool has_licence_link_ = false;
};

}  // namespace freshet
