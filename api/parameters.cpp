#include "api/parameters.hpp"

#include <algorithm>
#include <array>

#include "api/licenses.hpp"
#include "api/parameter_fields.hpp"
#include "api/search_parameters.hpp"
#include "core/utf8.hpp"

namespace freshet::api {
namespace {

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

std::vector<std::string> read_license_types(FieldReader& fields) {
  std::vector<std::string> common;
  bool is_first = true;
  for (const std::string& type : fields.list(parameter::license_type)) {
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

/// The known ones of the named sources, in every spelling; the unknown ones become a warning.
std::vector<std::string> read_sources(FieldReader& fields, const Parameter& parameter,
                                      const SourceNames& known,
                                      std::vector<SourceWarning>& warnings) {
  std::vector<std::string> given = fields.list(parameter);
  if (given.size() > 1 && known.contains(join(given))) {
    given = {join(given)};  // one name with a comma in it
  }
  SourceWarning split;
  std::vector<std::string> spellings;
  for (const std::string& source : given) {
    const std::vector<std::string>* const found = known.find(source);
    auto& half = found != nullptr ? split.valid_sources : split.invalid_sources;
    const std::string& called = found != nullptr ? found->front() : source;
    if (std::ranges::find(half, called) != half.end()) {
      continue;
    }
    half.push_back(called);
    if (found != nullptr) {
      spellings.insert(spellings.end(), found->begin(), found->end());
    }
  }
  // Excluding what is not there is what the caller wants anyway: WordPress always excludes three
  // large sources, whether this catalogue has them or not.
  if (parameter.name == "source" && !given.empty() && split.valid_sources.empty()) {
    fields.fail(parameter.name,
                "Invalid source parameter '" + join(given) +
                    "'. No valid sources selected. Refer to the source list for valid options: " +
                    quoted_list(known.all_shown()) + ".");
    return {};
  }
  if (!split.invalid_sources.empty()) {
    warnings.push_back(std::move(split));
  }
  return spellings;
}

/// `unstable__collection` and what belongs to it.
/// @return whether a collection was asked for, rightly or not
bool read_collection(FieldReader& fields, const Query& query, const SourceNames& known,
                     SearchParameters& search) {
  const auto name = fields.choice(parameter::collection);
  if (!name) {
    return false;
  }
  search.collection = *name == "tag"      ? Collection::tag
                      : *name == "source" ? Collection::source
                                          : Collection::creator;
  search.collection_tag = fields.text(parameter::collection_tag).value_or("");
  const std::string source = fields.text(parameter::source).value_or("");
  const std::vector<std::string>* const spellings = known.find(source);
  if (!source.empty()) {
    search.collection_sources =
        spellings != nullptr ? *spellings : std::vector<std::string>{source};
  }
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
      require(!source.empty(), "`source` parameter is");
      break;
    case Collection::creator:
      require(!source.empty() && !search.collection_creator.empty(),
              "`creator` and `source` parameters are");
      break;
  }
  if (!source.empty() && spellings == nullptr) {
    fields.fail("source", "Invalid source parameter '" + source +
                              "'. Use one of the valid sources: " + quoted_list(known.all_shown()));
  }
  return true;
}

void read_words(FieldReader& fields, SearchParameters& search) {
  constexpr std::size_t kMostWords = 200;  // of q, which is cut where the others are refused
  search.q = fields.text(parameter::q);
  if (search.q) {
    search.q = std::string{first_code_points(*search.q, kMostWords)};
  }
  search.title = fields.text(parameter::title);
  search.creator = fields.text(parameter::creator);
  search.tags = fields.text(parameter::tags);
}

void read_filters(FieldReader& fields, Media media, SearchParameters& search) {
  search.licenses = fields.list(parameter::license);
  search.licenses_of_types = read_license_types(fields);
  search.extensions = fields.list(parameter::extension);
  if (media == Media::image) {
    search.categories = fields.list(parameter::image_category);
    search.aspect_ratios = fields.list(parameter::aspect_ratio);
    search.sizes = fields.list(parameter::size);
  } else {
    search.categories = fields.list(parameter::audio_category);
    search.lengths = fields.list(parameter::length);
    search.with_peaks = fields.boolean(parameter::peaks).value_or(false);
  }
}

void read_sensitivity(FieldReader& fields, const Query& query, SearchParameters& search) {
  const bool mature = fields.boolean(parameter::mature).value_or(false);
  const bool sensitive = fields.boolean(parameter::include_sensitive).value_or(false);
  if (query.find_filled(parameter::mature.name) != nullptr &&
      query.find_filled(parameter::include_sensitive.name) != nullptr) {
    fields.fail(parameter::include_sensitive.name,
                "`mature` and `unstable__include_sensitive_results` must not both be defined.");
  }
  search.include_sensitive = mature || sensitive;
}

/// Which index is asked: there is one, so what upstream has in two is a clause here.
void read_index(FieldReader& fields, Media media, SearchParameters& search) {
  const auto index = fields.text(parameter::index);
  if (!index) {
    return;
  }
  const std::string_view all = store_name(media);
  if (*index == all) {
    search.index = Index::all;
  } else if (*index == std::string{all} + "-filtered") {
    search.index = Index::filtered;
  } else {
    fields.fail(parameter::index.name, wrong_value(parameter::index, *index));
  }
}

/// For everybody, with a token or without.
void read_order(FieldReader& fields, SearchParameters& search) {
  if (const auto sort = fields.choice(parameter::sort)) {
    search.sort_by = *sort == "relevance"    ? SortBy::relevance
                     : *sort == "updated_on" ? SortBy::updated_on
                                             : SortBy::indexed_on;
    search.sort_direction = SortDirection::descending;
  }
  search.created_since = fields.time(parameter::created_since);
  search.updated_since = fields.time(parameter::updated_since);
  search.exact_count = fields.boolean(parameter::exact_count).value_or(false);
}

void read_options(FieldReader& fields, const Query& query, Media media, const Caller& caller,
                  SearchParameters& search) {
  read_sensitivity(fields, query, search);
  search.filter_dead = fields.boolean(parameter::filter_dead);
  const auto sort_by = fields.choice(parameter::sort_by);
  const auto direction = fields.choice(parameter::sort_dir);
  const bool authority = fields.boolean(parameter::authority).value_or(false);
  const double boost = fields.number(parameter::authority_boost).value_or(1.0);
  // For everyone else these are at their defaults, whatever was sent.
  if (caller.is_authenticated) {
    search.sort_by = sort_by == "indexed_on" ? SortBy::indexed_on : SortBy::relevance;
    search.sort_direction =
        direction == "asc" ? SortDirection::ascending : SortDirection::descending;
    search.boost_authority = authority;
    search.authority_boost = boost;
    read_index(fields, media, search);
  }
  read_order(fields, search);
}

/// The page size, or the refusal that hides every other fault.
std::optional<Reply> read_page(FieldReader& fields, const Query& query, const Caller& caller,
                               SearchParameters& search) {
  const std::int64_t page_size = fields.integer(parameter::page_size).value_or(search.page_size);
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
  search.page =
      static_cast<int>(std::min(fields.integer(parameter::page).value_or(1), kFarTooMuch));
  search.cursor = fields.text(parameter::cursor);
  if (search.cursor && query.find_filled(parameter::page.name) != nullptr) {
    fields.fail(parameter::cursor.name,
                "Cannot set both 'cursor' and 'page'. Use exactly one of these.");
  }
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
                                                   const Caller& caller, const SourceNames& known) {
  FieldReader fields{query};
  SearchParameters search;
  if (auto refusal = read_page(fields, query, caller, search)) {
    return std::move(*refusal);
  }
  read_words(fields, search);
  if (!read_collection(fields, query, known, search)) {
    search.sources = read_sources(fields, parameter::source, known, search.warnings);
    search.excluded_sources =
        read_sources(fields, parameter::excluded_source, known, search.warnings);
  }
  if (query.find_filled("source") != nullptr && query.find_filled("excluded_source") != nullptr) {
    fields.fail("excluded_source",
                "Cannot set both 'source' and 'excluded_source'. Use exactly one of these.");
  }
  read_filters(fields, media, search);
  read_options(fields, query, media, caller, search);
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
  const bool peaks = fields.boolean(parameter::peaks).value_or(false);
  if (!fields.errors().empty()) {
    return field_error_reply(fields.errors());
  }
  return peaks;
}

}  // namespace freshet::api
