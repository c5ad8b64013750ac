#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::clean {

/// One open licence in one version.
struct LicenseTerms {
  std::string_view slug;     ///< `by-nc-sa`; static storage
  std::string_view version;  ///< `4.0`, `N/A`; static storage
};

/// What a URL or a pair says about a licence.
struct License {
  LicenseTerms terms;
  std::string_view url;  ///< `https://creativecommons.org/licenses/by/3.0/us/`: a page there is
};

/// The licence that a text of the form of a URL means: whose path on `creativecommons.org` (with or
/// without `www.`) contains a known one, in any case and with any scheme or none. Nothing is asked
/// of the network: a page that would redirect to a licence is not one.
///
/// `License::url` is the page of the licence itself, as far as the URL tells: of what may stand
/// behind the known path only a jurisdiction stays (`by/3.0/us/`), whether or not there is a page
/// for it. Forms and languages of the page (`deed.de`, `legalcode`, `rdf`), queries and fragments
/// are left out. Its own result gives the same result.
/// @param canonical  holds the URL that is kept; `License::url` points into it or to static
/// storage.
std::optional<License> license_of_url(std::string_view url, std::string& canonical);

/// The licence of a slug and a version that is a number (`4`, `4.0`) or `N/A`.
/// `url` is in static storage. Version 2.1 exists in ported form only: it is kept, with the URL
/// of 2.0.
std::optional<License> license_of_pair(std::string_view slug, std::string_view version);

/// `license_of_url` with a memory for recent URLs: providers repeat a handful.
///
/// @thread_safety  One thread.
class LicenseUrls {
 public:
  LicenseUrls();
  /// Views into the result stay valid until the next call.
  std::optional<License> find(std::string_view url);

 private:
  struct Entry {
    std::string url;
    std::string canonical;
    std::optional<License> license;
  };
  std::vector<Entry> recent_;
};

}  // namespace freshet::clean
