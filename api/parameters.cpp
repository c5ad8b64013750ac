#include "api/parameters.hpp"

#include <algorithm>
#include <array>

#include "api/licenses.hpp"
#include "api/parameter_fields.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

constexpr std::size_t kMaxQueryLength = 200;

using Values = std::vector<std::string_view>;

const Values kImageCategories = {"digitized_artwork", "illustration", "photograph"};
const Values kAudioCategories = {"audiobook", "music",         "news",
                                 "podcast",   "pronunciation", "sound_effect"};
const Values kAspectRatios = {"square", "tall", "wide"};
const Values kSizes = {"large", "medium", "small"};
const Values kLengths = {"long", "medium", "short", "shortest"};
const Values kLicenseTypes = {"all", "all-cc", "commercial", "modification"};

struct OldName {
  std::string_view name;
  std::string_view now;
};
constexpr std::array<OldName, 4> kOldNames = {
    {{"li", "license"}, {"lt", "license_type"}, {"pagesize", "page_size"}, {"provider", "source"}}};

std::string quoted_list(const auto& names) {
  std::string text;
  for (const auto& name : names) {
    text += text.empty() ? "'" : ", '";
    text += name;
    text += '\'';
  }
  return text;
}

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    text += text.empty() ? "" : ",";
    text += item;
  }
  return text;
}

std::vector<std::string> read_enum(FieldReader& fields, std::string_view name,
                                   const Values& allowed) {
  std::vector<std::string> items = fields.list(name);
  for (const std::string& item : items) {
    if (std::ranges::find(allowed, item) == allowed.end()) {
      fields.fail(name,
                  "Invalid value: " + item + ". Allowed values: {" + quoted_list(allowed) + "}");
      return {};
    }
  }
  return items;
}

std::vector<std::string> read_licenses(FieldReader& fields) {
  std::vector<std::string> items = fields.list("license");
  for (const std::string& item : items) {
    if (!is_license(item)) {
      fields.fail("license", "License '" + item + "' does not exist.");
      return {};
    }
  }
  return items;
}

std::vector<std::string> read_license_types(FieldReader& fields) {
  std::vector<std::string> common;
  bool is_first = true;
  for (const std::string& type : fields.list("license_type")) {
    if (std::ranges::find(kLicenseTypes, type) == kLicenseTypes.end()) {
      fields.fail("license_type", "License type '" + type + "' does not exist.");
      return {};
    }
    const std::vector<std::string> slugs = licenses_of_type(type);
    if (is_first) {
      common = slugs;
    } else {
      std::erase_if(common, [&](const std::string& slug) {
        return std::ranges::find(slugs, slug) == slugs.end();
      });
    }
    is_first = false;
  }
  return common;
}

/// The known ones of the named sources; the unknown ones become a warning.
std::vector<std::string> read_sources(FieldReader& fields, std::string_view name,
                                      const std::set<std::string>& known,
                                      std::vector<SourceWarning>& warnings) {
  SourceWarning split;
  const std::vector<std::string> given = fields.list(name);
  for (const std::string& source : given) {
    auto& half = known.contains(source) ? split.valid_sources : split.invalid_sources;
    if (std::ranges::find(half, source) == half.end()) {
      half.push_back(source);
    }
  }
  // Excluding what is not there is what the caller wants anyway: WordPress always excludes three
  // large sources, whether this catalogue has them or not.
  if (name == "source" && !given.empty() && split.valid_sources.empty()) {
    fields.fail(name, "Invalid source parameter '" + join(given) +
                          "'. No valid sources selected. Refer to the source list for valid "
                          "options: " +
                          quoted_list(known) + ".");
    return {};
  }
  if (!split.invalid_sources.empty()) {
    warnings.push_back(split);
  }
  return split.valid_sources;
}

/// `unstable__collection` and what belongs to it.
/// @return whether a collection was asked for, rightly or not
bool read_collection(FieldReader& fields, const Query& query, const std::set<std::string>& known,
                     SearchParameters& search) {
  const auto name = fields.choice("unstable__collection", {"tag", "source", "creator"});
  if (!name) {
    return false;
  }
  search.collection = *name == "tag"      ? Collection::tag
                      : *name == "source" ? Collection::source
                                          : Collection::creator;
  search.collection_tag = fields.text("unstable__tag", kMaxQueryLength).value_or("");
  search.collection_source = fields.text("source").value_or("");
  search.collection_creator = search.creator.value_or("");
  const auto require = [&](bool is_there, std::string_view what) {
    if (!is_there) {
      fields.fail("unstable__collection", "The " + std::string{what} +
                                              " required when `unstable__collection` is set to `" +
                                              *name + "`.");
    }
  };
  if (query.find_filled("q") != nullptr) {
    fields.fail("unstable__collection",
                "The `collection` parameter cannot be used with the `q` parameter.");
    return true;
  }
  switch (*search.collection) {
    case Collection::tag:
      require(!search.collection_tag.empty(), "`unstable__tag` parameter is");
      return true;  // its source is not checked: an unknown one simply has no such works
    case Collection::source:
      require(!search.collection_source.empty(), "`source` parameter is");
      break;
    case Collection::creator:
      require(!search.collection_source.empty() && !search.collection_creator.empty(),
              "`creator` and `source` parameters are");
      break;
  }
  if (!search.collection_source.empty() && !known.contains(search.collection_source)) {
    fields.fail("source", "Invalid source parameter '" + search.collection_source +
                              "'. Use one of the valid sources: " + quoted_list(known));
  }
  return true;
}

void read_words(FieldReader& fields, SearchParameters& search) {
  search.q = fields.text("q");
  if (search.q) {
    search.q = std::string{first_code_points(*search.q, kMaxQueryLength)};
  }
  search.title = fields.text("title", kMaxQueryLength);
  search.creator = fields.text("creator", kMaxQueryLength);
  search.tags = fields.text("tags", kMaxQueryLength);
}

void read_filters(FieldReader& fields, Media media, SearchParameters& search) {
  search.licenses = read_licenses(fields);
  search.licenses_of_types = read_license_types(fields);
  search.extensions = fields.list("extension");
  if (media == Media::image) {
    search.categories = read_enum(fields, "category", kImageCategories);
    search.aspect_ratios = read_enum(fields, "aspect_ratio", kAspectRatios);
    search.sizes = read_enum(fields, "size", kSizes);
  } else {
    search.categories = read_enum(fields, "category", kAudioCategories);
    search.lengths = read_enum(fields, "length", kLengths);
    search.with_peaks = fields.boolean("peaks").value_or(false);
  }
}

void read_options(FieldReader& fields, const Query& query, const Caller& caller,
                  SearchParameters& search) {
  const bool mature = fields.boolean("mature").value_or(false);
  const bool sensitive = fields.boolean("unstable__include_sensitive_results").value_or(false);
  if (query.find_filled("mature") != nullptr &&
      query.find_filled("unstable__include_sensitive_results") != nullptr) {
    fields.fail("unstable__include_sensitive_results",
                "`mature` and `unstable__include_sensitive_results` must not both be defined.");
  }
  search.include_sensitive = mature || sensitive;
  search.filter_dead = fields.boolean("filter_dead").value_or(true);
  const auto sort_by = fields.choice("unstable__sort_by", {"relevance", "indexed_on"});
  const auto direction = fields.choice("unstable__sort_dir", {"desc", "asc"});
  const bool authority = fields.boolean("unstable__authority").value_or(false);
  const double boost = fields.number("unstable__authority_boost", 0.0, 10.0).value_or(1.0);
  if (caller
          .is_authenticated) {  // for everyone else these are at their defaults, whatever was sent
    search.sort_by = sort_by == "indexed_on" ? SortBy::indexed_on : SortBy::relevance;
    search.sort_direction =
        direction == "asc" ? SortDirection::ascending : SortDirection::descending;
    search.boost_authority = authority;
    search.authority_boost = boost;
  }
}

/// The page size, or the refusal that hides every other fault.
std::optional<Reply> read_page(FieldReader& fields, const Caller& caller,
                               SearchParameters& search) {
  const std::int64_t page_size = fields.integer("page_size", 1).value_or(search.page_size);
  const int limit = caller.max_page_size();
  if (page_size > limit) {
    if (!caller.may_have_large_pages) {
      return error_reply(401, "page_size may not exceed " + std::to_string(limit) + " for " +
                                  std::string{caller.level()} + " requests");
    }
    fields.fail("page_size",
                "Ensure this value is less than or equal to " + std::to_string(limit) + ".");
  }
  // Both are cut far above every limit, so that their product stays in range.
  constexpr std::int64_t kFarTooMuch = 1'000'000;
  search.page_size = static_cast<int>(std::min(page_size, kFarTooMuch / 1000));
  search.page = static_cast<int>(std::min(fields.integer("page", 1).value_or(1), kFarTooMuch));
  return std::nullopt;
}

std::optional<Reply> check_depth(const Caller& caller, const SearchParameters& search) {
  if (static_cast<std::int64_t>(search.page) * search.page_size <= caller.max_depth()) {
    return std::nullopt;
  }
  const std::string limit = std::to_string(caller.max_depth());
  if (caller.may_page_deep) {
    return field_error_reply(
        {{"non_field_errors", {"Ensure this value is less than or equal to " + limit + "."}}});
  }
  return error_reply(401, "pagination depth may not exceed " + limit + " for " +
                              std::string{caller.level()} + " requests");
}

FieldErrors old_names(const Query& query) {
  FieldErrors errors;
  for (const OldName& old : kOldNames) {
    if (query.contains(old.name)) {
      const std::string name{old.name};
      errors.push_back(
          {name,
           {"Parameter '" + name + "' is deprecated in this release of the API. Use '" +
            std::string{old.now} + "' instead."}});
    }
  }
  return errors;
}

}  // namespace

std::variant<SearchParameters, Reply> parse_search(const Query& query, Media media,
                                                   const Caller& caller,
                                                   const std::set<std::string>& known) {
  FieldReader fields{query};
  SearchParameters search;
  if (auto refusal = read_page(fields, caller, search)) {
    return std::move(*refusal);
  }
  read_words(fields, search);
  if (!read_collection(fields, query, known, search)) {
    search.sources = read_sources(fields, "source", known, search.warnings);
    search.excluded_sources = read_sources(fields, "excluded_source", known, search.warnings);
  }
  if (query.find_filled("source") != nullptr && query.find_filled("excluded_source") != nullptr) {
    fields.fail("excluded_source",
                "Cannot set both 'source' and 'excluded_source'. Use exactly one of these.");
  }
  read_filters(fields, media, search);
  read_options(fields, query, caller, search);
  if (!fields.errors().empty()) {
    return field_error_reply(fields.errors());
  }
  if (auto refusal = check_depth(caller, search)) {
    return std::move(*refusal);
  }
  if (const FieldErrors errors = old_names(query); !errors.empty()) {
    return field_error_reply(errors);
  }
  return search;
}

std::variant<bool, Reply> parse_peaks(const Query& query, Media media) {
  if (media == Media::image) {
    return false;
  }
  FieldReader fields{query};
  const bool peaks = fields.boolean("peaks").value_or(false);
  if (!fields.errors().empty()) {
    return field_error_reply(fields.errors());
  }
  return peaks;
}

}  // namespace freshet::api
