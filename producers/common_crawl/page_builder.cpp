#include "producers/common_crawl/page_builder.hpp"

#include <unordered_map>
#include <unordered_set>

#include "core/crawl/split_url.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Error unreadable(std::string_view url) {
  return Error{Errc::invalid_value, "url", "url",
               "an address that cannot be read: " + std::string{url.substr(0, 200)}};
}

/// Counts by host, in the order in which hosts came first.
class HostCounts {
 public:
  void add(std::string_view host) {
    const auto [place, is_new] = places_.try_emplace(std::string{host}, counts_.size());
    if (is_new) {
      counts_.emplace_back(host, 0);
    }
    ++counts_[place->second].second;
  }
  std::vector<std::pair<std::string, std::int64_t>> take() { return std::move(counts_); }

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::pair<std::string, std::int64_t>> counts_;
};

}  // namespace

PageBuilder::PageBuilder(std::string_view target_uri) : target_uri_{trim_space(target_uri)} {}

void PageBuilder::link(std::optional<std::string_view> html_path, std::string_view url) {
  const bool is_licence = holds(url, "creativecommons.org");
  has_licence_link_ = has_licence_link_ || is_licence;
  links_.push_back({html_path, url, is_licence});
}

Result<CrawledPage> PageBuilder::build() const {
  std::string buffer;
  CrawledPage page;
  const auto target = split_url(target_uri_, buffer);
  if (!target) {
    return unreadable(target_uri_);
  }
  page.target_uri = target_uri_;
  page.provider_domain = target->authority;
  page.content_path = target->path;
  page.content_query_string = target->query;
  std::unordered_set<std::string_view> images;
  HostCounts hosts;
  for (const Link& link : links_) {
    if (!link.html_path) {
      return Error{Errc::missing_field, "path", "required",
                   "a link does not say where in the page it stands"};
    }
    if (holds(*link.html_path, "IMG@/src")) {
      images.insert(link.url);
    }
    if (holds(*link.html_path, "A@/href") && !holds(link.url, page.provider_domain)) {
      const auto parts = split_url(link.url, buffer);
      if (!parts) {
        return unreadable(link.url);
      }
      if (!parts->authority.empty()) {
        hosts.add(parts->authority);
      }
    }
    if (link.is_licence) {
      const auto parts = split_url(link.url, buffer);
      if (!parts) {
        return unreadable(link.url);
      }
      page.licences.push_back({std::string{parts->authority}, std::string{parts->path},
                               std::string{link.url}, std::string{*link.html_path}});
    }
  }
  page.images = static_cast<std::int64_t>(images.size());
  page.links = hosts.take();
  return page;
}

}  // namespace freshet
