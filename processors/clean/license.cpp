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
    return url.substr(kSite.size(), url.size() - kSite.size() - 1);
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
    {"/share-your-work/public-domain/cc0", "/publicdomain/zero/1.0"},
    {"/share-your-work/public-domain/pdm", "/publicdomain/mark/1.0"},
}};
constexpr std::string_view kMarkUrl = FRESHET_CC("publicdomain/mark/1.0");

#undef FRESHET_CC
#undef FRESHET_CC_PORTED
#undef FRESHET_CC_VERSION
#undef FRESHET_CC_JAPAN
#undef FRESHET_CC_FOUR

// Countries and regions for which versions before 4.0 were ported. Of any other word behind a
// version nobody knows that there is a page.
constexpr std::array kJurisdictions = std::to_array<std::string_view>(
    {"am", "ar", "at", "au", "az",  "be", "bg", "br", "ca", "ch", "cl", "cn", "co",
     "cr", "cz", "de", "dk", "ec",  "ee", "eg", "es", "fi", "fr", "ge", "gr", "gt",
     "hk", "hr", "hu", "ie", "igo", "il", "in", "it", "jp", "kr", "lu", "mk", "mt",
     "mx", "my", "nl", "no", "nz",  "pe", "ph", "pl", "pr", "pt", "ro", "rs", "scotland",
     "se", "sg", "si", "th", "tw",  "ug", "uk", "us", "ve", "vn", "za"});
static_assert(std::is_sorted(kJurisdictions.begin(), kJurisdictions.end()));

// The path below the site, in lower case and without query and fragment; empty for another site.
// `scratch` holds it.
std::string_view path_on_site(std::string_view url, std::string& scratch) {
  scratch.clear();
  for (const char c : url) {
    scratch.push_back(lower_letter(c));
  }
  constexpr std::string_view kPlus = "%2b";  // `sampling+` as a form encodes it
  for (std::size_t at = 0; (at = scratch.find(kPlus, at)) != std::string::npos;) {
    scratch.replace(at, kPlus.size(), "+");
  }
  std::string_view rest = without_scheme(scratch, true);
  if (rest.starts_with("www.")) {
    rest.remove_prefix(4);
  }
  constexpr std::string_view kHost = "creativecommons.org/";
  if (!rest.starts_with(kHost)) {
    return {};
  }
  return rest.substr(kHost.size() - 1, rest.find_first_of("?#") - (kHost.size() - 1));
}

bool was_ported(const KnownUrl& entry) {
  constexpr std::string_view kLicenses = "/licenses/";
  const std::string_view version = entry.terms.version;
  return entry.path().starts_with(kLicenses) && entry.path().ends_with(version) &&
         version != "4.0" && entry.terms.slug != "pdm";
}

// The page of a licence itself: of what may stand behind a known path only the jurisdiction says
// something about the licence. `deed.de`, `legalcode.txt`, `rdf` name a form of the same page.
std::string_view canonical_url(const KnownUrl& entry, std::string_view behind,
                               std::string& canonical) {
  if (entry.terms.slug == "pdm") {
    return kMarkUrl;  // `licenses/mark` is a slip of old catalogues; there is no such page
  }
  if (was_ported(entry) && behind.starts_with('/')) {
    behind.remove_prefix(1);
    const std::string_view jurisdiction = behind.substr(0, behind.find('/'));
    if (std::ranges::binary_search(kJurisdictions, jurisdiction)) {
      std::string url{entry.url};
      url.append(jurisdiction) += '/';
      canonical = std::move(url);
      return canonical;
    }
  }
  return entry.url;
}

}  // namespace

std::optional<License> license_of_url(std::string_view url, std::string& canonical) {
  std::string_view path = path_on_site(url, canonical);
  for (const auto& [page, tool] : kExplained) {
    if (path == page) {
      path = tool;
    }
  }
  for (const KnownUrl& entry : kKnown) {
    if (const std::size_t at = path.find(entry.path()); at != std::string_view::npos) {
      return License{entry.terms,
                     canonical_url(entry, path.substr(at + entry.path().size()), canonical)};
    }
  }
  return std::nullopt;
}

std::optional<License> license_of_pair(std::string_view slug, std::string_view version) {
  std::string number{version};
  if (version != "N/A") {
    const auto value = parse_number(version);
    if (!value) {
      return std::nullopt;
    }
    number.clear();
    append_double(number, *value, WholeNumber::with_point);
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
