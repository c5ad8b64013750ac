#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/crawl/html_document.hpp"
#include "core/json.hpp"
#include "core/result.hpp"

namespace freshet {

/// A page as an extractor is given it.
struct SitePage {
  const HtmlDocument& html;
  std::string_view address;  ///< host, path and query, without scheme
  std::string_view site;     ///< the domain that the page's host ends with
};

/// A picture on a page: members of `work` (schemas/records/raw.schema.json), texts cleaned as clean
/// does it. What is empty is left out.
class Picture {
 public:
  /// @param value  a text, or one that may be missing.
  template <class Value>
  Picture& text(std::string_view name, const Value& value) {
    if constexpr (std::is_same_v<Value, std::optional<std::string>>) {
      return value ? put_text(name, *value) : *this;
    } else {
      return put_text(name, std::string_view{value});
    }
  }
  Picture& value(std::string_view name, json::value value);
  /// A member of `meta_data`, also where it is empty. @param value  as `text`, or JSON.
  template <class Value>
  Picture& meta(std::string_view name, const Value& value) {
    if constexpr (std::is_same_v<Value, std::optional<std::string>>) {
      return value ? put_meta(name, std::string_view{*value}) : *this;
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      return put_meta(name, std::string_view{value});
    } else {
      return put_meta(name, json::value(value));
    }
  }
  /// Distinct names; at most 20 are kept, the first in the page.
  Picture& tags(const std::vector<std::string>& names);

  bool has(std::string_view name) const { return fields_.contains(name); }
  std::string text_of(std::string_view name) const;
  /// With `meta_data`. `foreign_identifier` falls back to `url`.
  json::object take() &&;

 private:
  Picture& put_text(std::string_view name, std::string_view value);
  Picture& put_meta(std::string_view name, std::string_view value);
  Picture& put_meta(std::string_view name, json::value value);

  json::object fields_;
  json::object meta_;
};

/// What a page makes: pictures, which may be none.
/// @error Errc::missing_field or invalid_value: the page is not built as the site's pages were, and
///        is put aside.
using Extracted = Result<std::vector<Picture>>;

/// One site that the crawl's pages are read from. Its pictures are records of `provider`, with the
/// source `commoncrawl`.
struct Site {
  std::string_view provider;
  std::span<const std::string_view> domains;  ///< a page's host is one of these or ends with it
  Extracted (*extract)(const SitePage& page);
  /// Whether a page can have pictures at all, by its address; null: any.
  bool (*wants)(std::string_view address) = nullptr;
};

/// Every site, by provider.
std::span<const Site> sites();

/// The site of a host, and which of its domains it is.
struct FoundSite {
  const Site* site = nullptr;
  std::string_view domain;
};
FoundSite find_site(std::string_view host);

/// The fields of the pictures of a page, as the record's `work` has them: with `media_type`,
/// `provider`, `source`, `ingestion_type`, and distinct by URL, then by identifier.
Result<std::vector<json::object>> extract_pictures(const FoundSite& found, const SitePage& page);

}  // namespace freshet
