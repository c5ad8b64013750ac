#include "processors/clean/license.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "core/text.hpp"
#include "processors/clean/scalar.hpp"
#include "processors/clean/url.hpp"

namespace freshet::clean {
namespace {

constexpr std::string_view kSite = "https://creativecommons.org";
constexpr std::size_t kRecentUrls = 256;  // power of two

struct KnownUrl {
  std::string_view url;
  LicenseTerms terms;

  // `/licenses/by/4.0`: what a longer URL contains.
  constexpr std::string_view path() const {
    return url.substr(kSite.size() + 1, url.size() - kSite.size() - 2);
  }
};

#define FRESHET_CC(path) "https://creativecommons.org/" path "/"
#define FRESHET_CC_PORTED(slug)                                  \
  {FRESHET_CC("licenses/" slug "/2.1/au"), {slug, "2.1"}},       \
      {FRESHET_CC("licenses/" slug "/2.1/es"), {slug, "2.1"}}, { \
    FRESHET_CC("licenses/" slug "/2.1/jp"), {slug, "2.1"}        \
  }
#define FRESHET_CC_VERSION(slug, version)                       \
  {                                                             \
    FRESHET_CC("licenses/" slug "/" version), { slug, version } \
  }
#define FRESHET_CC_JAPAN(slug) {FRESHET_CC("licenses/" slug "/2.0/jp"), {slug, "2.0"}}
#define FRESHET_CC_FOUR(slug)                                       \
  FRESHET_CC_VERSION(slug, "2.0"), FRESHET_CC_VERSION(slug, "2.5"), \
      FRESHET_CC_VERSION(slug, "3.0"), FRESHET_CC_VERSION(slug, "4.0")

// Licences that Creative Commons has published, current and retired. Of several paths that a URL
// contains the first here counts.
constexpr std::array kKnown = std::to_array<KnownUrl>({
    FRESHET_CC_VERSION("by", "1.0"),
    FRESHET_CC_FOUR("by"),
    FRESHET_CC_VERSION("by-nc", "1.0"),
    FRESHET_CC_FOUR("by-nc"),
    FRESHET_CC_FOUR("by-nc-nd"),
    FRESHET_CC_VERSION("by-nc-sa", "1.0"),
    FRESHET_CC_FOUR("by-nc-sa"),
    FRESHET_CC_VERSION("by-nd", "1.0"),
    FRESHET_CC_FOUR("by-nd"),
    FRESHET_CC_VERSION("by-sa", "1.0"),
    FRESHET_CC_FOUR("by-sa"),
    FRESHET_CC_VERSION("devnations", "2.0"),
    FRESHET_CC_VERSION("nc", "1.0"),
    FRESHET_CC_JAPAN("nc"),
    FRESHET_CC_VERSION("nc-sa", "1.0"),
    FRESHET_CC_JAPAN("nc-sa"),
    FRESHET_CC_VERSION("nc-sampling+", "1.0"),
    FRESHET_CC_VERSION("nd", "1.0"),
    FRESHET_CC_JAPAN("nd"),
    FRESHET_CC_VERSION("nd-nc", "1.0"),
    FRESHET_CC_JAPAN("nd-nc"),
    FRESHET_CC_VERSION("sa", "1.0"),
    FRESHET_CC_JAPAN("sa"),
    FRESHET_CC_VERSION("sampling+", "1.0"),
    FRESHET_CC_VERSION("sampling", "1.0"),
    FRESHET_CC_PORTED("by"),
    FRESHET_CC_PORTED("by-nc"),
    FRESHET_CC_PORTED("by-nc-nd"),
    FRESHET_CC_PORTED("by-nc-sa"),
    FRESHET_CC_PORTED("by-nd"),
    FRESHET_CC_PORTED("by-sa"),
    // Early deeds spelt the parts in another order.
    {FRESHET_CC("licenses/by-nd-nc/1.0"), {"by-nc-nd", "1.0"}},
    {FRESHET_CC("licenses/by-nd-nc/2.0/jp"), {"by-nc-nd", "2.0"}},
    {FRESHET_CC("licenses/publicdomain"), {"publicdomain", "N/A"}},
    {FRESHET_CC("publicdomain/mark/1.0"), {"pdm", "1.0"}},
    {FRESHET_CC("publicdomain/zero/1.0"), {"cc0", "1.0"}},
    {FRESHET_CC("licenses/mark/1.0"), {"pdm", "1.0"}},
});
static_assert(kKnown.size() == 67);

// Pages that explain a public-domain tool and are given as its URL by at least one museum (SMK).
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kExplained{{
    {FRESHET_CC("share-your-work/public-domain/cc0"), FRESHET_CC("publicdomain/zero/1.0")},
    {FRESHET_CC("share-your-work/public-domain/pdm"), FRESHET_CC("publicdomain/mark/1.0")},
}};

#undef FRESHET_CC
#undef FRESHET_CC_PORTED
#undef FRESHET_CC_VERSION
#undef FRESHET_CC_JAPAN
#undef FRESHET_CC_FOUR

// Lower-cased, `https`, one slash at the end.
void normalize(std::string_view url, std::string& out) {
  out.assign("https://");
  for (const char c : trim_space(url)) {
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  const std::string_view lower = std::string_view{out}.substr(std::string_view{"https://"}.size());
  const std::string_view rest = without_scheme(lower, true);
  out.erase(static_cast<std::size_t>(rest.data() - out.data()) + rest.size());
  out.erase(8, static_cast<std::size_t>(rest.data() - lower.data()));
  out.push_back('/');
}

std::optional<License> known(const KnownUrl& entry, std::string_view url) {
  return License{entry.terms, url};
}

}  // namespace

std::optional<License> license_of_url(std::string_view url, std::string& canonical) {
  normalize(url, canonical);
  for (const auto& [page, tool] : kExplained) {
    if (canonical == page) {
      canonical = tool;
    }
  }
  const std::string_view lower{canonical};
  if (!lower.starts_with(kSite) || lower.size() == kSite.size() ||
      std::string_view{"/?#"}.find(lower[kSite.size()]) == std::string_view::npos) {
    return std::nullopt;
  }
  const auto whole = std::find_if(kKnown.begin(), kKnown.end(),
                                  [lower](const KnownUrl& entry) { return entry.url == lower; });
  if (whole != kKnown.end()) {
    return known(*whole, whole->url);
  }
  const auto part = std::find_if(kKnown.begin(), kKnown.end(), [lower](const KnownUrl& entry) {
    return lower.find(entry.path()) != std::string_view::npos;
  });
  // The URL becomes a text of meta_data: it must already have the form of one.
  if (part == kKnown.end() || !is_clean_text(lower)) {
    return std::nullopt;
  }
  return known(*part, lower);
}

std::optional<License> license_of_pair(std::string_view slug, std::string_view version) {
  std::string number{version};
  if (version != "N/A") {
    const auto value = parse_number(version);
    if (!value) {
      return std::nullopt;
    }
    number.clear();
    append_number_text(number, *value);
  }
  // A licence in two spellings is meant in the first: the table's order.
  const auto find = [slug](std::string_view wanted) {
    return std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownUrl& entry) {
      return entry.terms.slug == slug && entry.terms.version == wanted;
    });
  };
  const auto found = find(number);
  if (found == kKnown.end()) {
    return std::nullopt;
  }
  const auto page = number == "2.1" ? find("2.0") : found;
  return License{found->terms, page->url};
}

LicenseUrls::LicenseUrls() : recent_(kRecentUrls) {}

std::optional<License> LicenseUrls::find(std::string_view url) {
  Entry& entry = recent_[std::hash<std::string_view>{}(url) & (kRecentUrls - 1)];
  if (entry.url != url || url.empty()) {
    entry.url = url;
    entry.license = license_of_url(url, entry.canonical);
  }
  return entry.license;
}

}  // namespace freshet::clean
