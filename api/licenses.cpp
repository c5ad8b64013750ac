#include "api/licenses.hpp"

#include <algorithm>
#include <array>

namespace freshet::api {
namespace {

struct License {
  std::string_view slug;
  std::string_view name;  ///< as printed before the version
  std::string_view path;  ///< below creativecommons.org, without version; empty: by slug
  bool commercial;
  bool modification;
  bool searchable;
  std::string_view only_version;  ///< empty when there are several
};

constexpr std::array<License, 11> kLicenses = {{
    {"by", "CC BY", "licenses/by/", true, true, true, ""},
    {"by-nc", "CC BY-NC", "licenses/by-nc/", false, true, true, ""},
    {"by-nc-nd", "CC BY-NC-ND", "licenses/by-nc-nd/", false, false, true, ""},
    {"by-nc-sa", "CC BY-NC-SA", "licenses/by-nc-sa/", false, true, true, ""},
    {"by-nd", "CC BY-ND", "licenses/by-nd/", true, false, true, ""},
    {"by-sa", "CC BY-SA", "licenses/by-sa/", true, true, true, ""},
    {"cc0", "CC0", "publicdomain/zero/", true, true, true, "1.0"},
    {"nc-sampling+", "CC NC-Sampling+", "licenses/nc-sampling+/", false, true, true, "1.0"},
    {"pdm", "Public Domain Mark", "publicdomain/mark/", true, true, true, "1.0"},
    {"sampling+", "CC Sampling+", "licenses/sampling+/", true, true, true, "1.0"},
    // Not a licence of Creative Commons; old works carry it.
    {"publicdomain", "Public Domain", "", true, true, false, "-"},
}};

constexpr std::array<std::string_view, 10> kSlugs = {
    "by",    "by-nc", "by-nc-nd",     "by-nc-sa", "by-nd",
    "by-sa", "cc0",   "nc-sampling+", "pdm",      "sampling+"};

// 2.1 exists in a few countries only, but works carry it without saying which.
constexpr std::array<std::string_view, 6> kVersions = {"1.0", "2.0", "2.1", "2.5", "3.0", "4.0"};

const License* find_license(std::string_view slug) {
  const auto found = std::ranges::find(kLicenses, slug, &License::slug);
  return found == kLicenses.end() ? nullptr : &*found;
}

bool is_public_domain(const License& license) {
  return license.slug == "cc0" || license.slug == "pdm" || license.slug == "publicdomain";
}

std::string squeeze_spaces(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' || (!out.empty() && out.back() != ' ')) {
      out += c;
    }
  }
  while (!out.empty() && out.back() == ' ') {
    out.pop_back();
  }
  return out;
}

}  // namespace

std::span<const std::string_view> license_slugs() { return kSlugs; }

bool is_license(std::string_view slug) { return std::ranges::find(kSlugs, slug) != kSlugs.end(); }

std::vector<std::string> licenses_of_type(std::string_view type) {
  std::vector<std::string> slugs;
  for (const License& license : kLicenses) {
    const bool in_type = type == "all" || (type == "all-cc" && license.slug != "pdm") ||
                         (type == "commercial" && license.commercial) ||
                         (type == "modification" && license.modification);
    if (license.searchable && in_type) {
      slugs.emplace_back(license.slug);
    }
  }
  return slugs;
}

std::optional<std::string> license_url(std::string_view slug, std::string_view version,
                                       std::string_view stored) {
  if (stored.starts_with("https://") || stored.starts_with("http://")) {
    return std::string{stored};
  }
  const License* license = find_license(slug);
  if (license == nullptr) {
    return std::nullopt;
  }
  if (license->path.empty()) {
    return "https://en.wikipedia.org/wiki/Public_domain";
  }
  if (version.empty()) {
    version = license->only_version.empty() ? std::string_view{"4.0"} : license->only_version;
  }
  const bool is_known = license->only_version.empty()
                            ? std::ranges::find(kVersions, version) != kVersions.end()
                            : version == license->only_version;
  if (!is_known) {
    return std::nullopt;
  }
  std::string url = "https://creativecommons.org/";
  url += license->path;
  url += version;
  url += '/';
  return url;
}

std::optional<std::string> attribution(std::string_view title, std::string_view creator,
                                       std::string_view slug, std::string_view version,
                                       std::string_view url) {
  const License* license = find_license(slug);
  if (license == nullptr) {
    return std::nullopt;
  }
  if (version.empty() && license->only_version != "-") {
    version = license->only_version;
  }
  std::string text;
  if (title.empty()) {
    text += "This work ";
  } else {
    text.append("\"").append(title).append("\" ");
  }
  if (!creator.empty()) {
    text.append("by ").append(creator).append(" ");
  }
  text += is_public_domain(*license) ? "is marked with " : "is licensed under ";
  text += license->name;
  if (!version.empty()) {
    text.append(" ").append(version);
  }
  text += '.';
  if (!url.empty()) {
    text += is_public_domain(*license) ? " To view the terms, visit "
                                       : " To view a copy of this license, visit ";
    text.append(url).append(".");
  }
  return squeeze_spaces(text);
}

}  // namespace freshet::api
