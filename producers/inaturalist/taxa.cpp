#include "producers/inaturalist/taxa.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "producers/inaturalist/packed.hpp"
#include "producers/provider.hpp"

namespace freshet::bulk {
namespace {

constexpr std::size_t kMostTags = 20;
constexpr std::size_t kTitleLength = 256;  // code points, a separator after each name included
constexpr std::size_t kSeparatorLength = 2;
constexpr std::uint64_t kLife = 48460;  // the root of all: it tells nothing
constexpr std::string_view kNotAssigned = "Not assigned";

// Names that people use for groups for which the Catalogue of Life has none.
std::string_view manual_name(std::string_view name) {
  static const std::map<std::string_view, std::string_view> kNames{
      {"Animalia", "Animals"},
      {"Araneae", "Spider"},
      {"Magnoliopsida", "Flowers"},
      {"Plantae", "Plants"},
      {"Lepidoptera", "Butterflies and Moths"},
      {"Insecta", "Insect"},
      {"Agaricales", "Mushroom"},
      {"Poaceae", "Grass"},
      {"Asteraceae", "Daisy"},
      {"Danaus plexippus", "Monarch Butterfly"},
      {"Felinae", "Cats"},
      {"Canis", "Dogs"}};
  const auto found = kNames.find(name);
  return found == kNames.end() ? std::string_view{} : found->second;
}

// Only spaces, as in the original; a tab cannot be in a name.
std::string_view without_outer_spaces(std::string_view text) {
  const std::size_t from = text.find_first_not_of(' ');
  return from == std::string_view::npos ? std::string_view{}
                                        : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

// A part of a key that another part follows: lines have no NUL, so no name is the beginning of
// another.
std::string keyed(char kind, std::string_view text) {
  std::string key{kind};
  key.append(text).push_back('\0');
  return key;
}

std::string titles_key(std::uint64_t id) { return number_key('t', id); }

std::vector<std::uint64_t> ids_of(std::string_view ancestry) {
  std::vector<std::uint64_t> ids;
  for (std::size_t from = 0; from < ancestry.size();) {
    const std::size_t slash = std::min(ancestry.find('/', from), ancestry.size());
    std::uint64_t id = 0;
    const auto read = std::from_chars(ancestry.data() + from, ancestry.data() + slash, id);
    if (read.ec == std::errc{} && read.ptr == ancestry.data() + slash) {
      ids.push_back(id);
    }
    from = slash + 1;
  }
  return ids;
}

std::string pack_names(std::string_view name, std::string_view ancestry, const TaxonNames& names) {
  std::string bytes;
  Packed packed{bytes};
  packed.text(names.title);
  packed.text(name);
  packed.text(ancestry);
  for (const std::string& left_over : names.left_over) {
    packed.text(left_over);
  }
  return bytes;
}

}  // namespace

std::string pack(const Taxon& taxon) {
  std::string bytes;
  Packed packed{bytes};
  packed.text(taxon.title);
  for (const std::string& tag : taxon.tags) {
    packed.text(tag);
  }
  return bytes;
}

Taxon unpack_taxon(std::string_view bytes) {
  Unpacked packed{bytes};
  Taxon taxon{std::string{packed.text()}, {}};
  while (!packed.is_at_end()) {
    taxon.tags.emplace_back(packed.text());
  }
  return taxon;
}

Result<void> NameTable::add_vernacular(std::string_view taxon, std::string_view name,
                                       std::string_view country) {
  const std::string lower = lower_case(without_outer_spaces(name));
  if (taxon.empty() || lower.empty()) {
    return {};
  }
  // That there are names at all is asked for far more often than there are some.
  if (auto put = table_.put(keyed('i', taxon), ""); !put) {
    return put;
  }
  // Each country once, because it is a part of the key.
  return table_.put(keyed('v', taxon) + keyed('n', lower) + std::string{country}, country);
}

Result<void> NameTable::add_usage(std::string_view taxon, std::string_view scientific_name,
                                  std::uint64_t number) {
  std::string unused;
  const auto has_names = table_.get(keyed('i', taxon), unused);
  if (!has_names) {
    return has_names.error();
  }
  if (!*has_names || scientific_name.empty()) {
    return {};
  }
  const std::string prefix = keyed('v', taxon);
  std::vector<CountedName> names;
  auto read = table_.each(prefix, [&](std::string_view key, std::string_view country) {
    std::string_view name = key.substr(prefix.size() + 1);
    name = name.substr(0, name.find('\0'));
    if (names.empty() || names.back().name != name) {
      names.push_back({std::string{name}, 0});
    }
    names.back().countries += country.empty() ? 0 : 1;
    return Result<void>{};
  });
  if (!read) {
    return read;
  }
  std::string bytes;
  Packed packed{bytes};
  for (const CountedName& name : names) {
    packed.number(name.countries);
    packed.text(name.name);
  }
  return table_.put(keyed('s', scientific_name) + number_key('u', number), bytes);
}

Result<std::vector<CountedName>> NameTable::names_of(std::string_view scientific_name) const {
  std::vector<CountedName> names;
  auto read =
      table_.each(keyed('s', scientific_name), [&](std::string_view, std::string_view bytes) {
        for (Unpacked packed{bytes}; !packed.is_at_end();) {
          const std::uint64_t countries = packed.number();
          names.push_back({std::string{packed.text()}, countries});
        }
        return Result<void>{};
      });
  if (!read) {
    return read.error();
  }
  std::sort(names.begin(), names.end(), [](const CountedName& a, const CountedName& b) {
    return a.countries != b.countries ? a.countries > b.countries : a.name < b.name;
  });
  return names;
}

TaxonNames choose_names(std::string_view name, const std::vector<CountedName>& found) {
  std::set<std::string_view> chosen;
  std::vector<std::string> left_over;
  std::size_t length = 0;
  for (const CountedName& one : found) {
    length += count_code_points(one.name) + kSeparatorLength;
    if (length < kTitleLength) {
      chosen.insert(one.name);
    } else if (left_over.size() < kMostTags) {
      left_over.push_back(one.name);
    }
  }
  std::sort(left_over.begin(), left_over.end());
  std::string title;
  for (const std::string_view one : chosen) {
    title.append(title.empty() ? "" : ", ").append(one);
  }
  if (title.empty()) {
    title = manual_name(name);
  }
  if (title.empty()) {
    title = name;
  }
  return {std::move(title), std::move(left_over)};
}

Result<bool> TaxonTable::add(std::uint64_t id, std::string_view name, std::string_view ancestry,
                             const NameTable* names) {
  if (name == kNotAssigned) {
    return true;  // no taxon at all, but a place that is kept
  }
  std::string unused;
  const auto found = table_.get(titles_key(id), unused);
  if (!found || *found) {
    return found ? Result<bool>{false} : Result<bool>{found.error()};
  }
  std::vector<CountedName> vernacular;
  if (names != nullptr) {
    auto read = names->names_of(name);
    if (!read) {
      return read.error();
    }
    vernacular = std::move(*read);
  }
  const auto put =
      table_.put(titles_key(id), pack_names(name, ancestry, choose_names(name, vernacular)));
  return put ? Result<bool>{true} : Result<bool>{put.error()};
}

Result<void> TaxonTable::finish() {
  std::string found;
  return table_.each("t", [&](std::string_view key, std::string_view bytes) -> Result<void> {
    Unpacked packed{bytes};
    Taxon taxon{std::string{packed.text()}, {}};
    const std::string name{packed.text()};
    const std::string_view ancestry = packed.text();
    if (name != taxon.title) {
      taxon.tags.push_back(name);
    }
    std::set<std::string> titles;
    for (const std::uint64_t id : ids_of(ancestry)) {
      const auto is_there = id == kLife ? Result<bool>{false} : table_.get(titles_key(id), found);
      if (!is_there) {
        return is_there.error();
      }
      if (*is_there) {
        titles.emplace(Unpacked{found}.text());
      }
    }
    taxon.tags.insert(taxon.tags.end(), titles.begin(), titles.end());
    while (!packed.is_at_end()) {
      taxon.tags.emplace_back(packed.text());
    }
    taxon.tags.resize(std::min(taxon.tags.size(), kMostTags));
    std::string to{key};
    to.front() = 'e';
    return table_.put(to, pack(taxon));
  });
}

}  // namespace freshet::bulk
