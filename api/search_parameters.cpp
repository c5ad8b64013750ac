#include "api/search_parameters.hpp"

#include <vector>

#include "api/licenses.hpp"

namespace freshet::api {

using Type = Parameter::Type;

namespace parameter {

const Parameter page_size{.name = "page_size",
                          .type = Type::integer,
                          .meaning =
                              "works on a page: up to 20; with a token up to 50, and with a "
                              "privilege up to 240",
                          .least = 1,
                          .most = 240,
                          .fallback = "20"};
const Parameter page{.name = "page",
                     .type = Type::integer,
                     .meaning =
                         "number of the page; page × page_size may be up to 240, and with a "
                         "privilege up to 4800",
                     .least = 1,
                     .fallback = "1"};
const Parameter cursor{.name = "cursor",
                       .meaning =
                           "`*`, and then the next_cursor of each page: pages to the end of any "
                           "result, however large. Not together with page",
                       .example = "*"};
const Parameter q{.name = "q",
                  .meaning =
                      "words that must all be found; \"a phrase\", -without. What is longer "
                      "than 200 characters is cut",
                  .example = "harbour"};
const Parameter title{
    .name = "title", .meaning = "words in the title; not heeded beside q", .longest = 200};
const Parameter creator{
    .name = "creator", .meaning = "words in the creator's name, likewise", .longest = 200};
const Parameter tags{.name = "tags", .meaning = "words in tags, likewise", .longest = 200};
const Parameter source{.name = "source",
                       .type = Type::list,
                       .meaning =
                           "names of sources, as the stats list them; of a collection one "
                           "name"};
const Parameter excluded_source{.name = "excluded_source",
                                .type = Type::list,
                                .meaning = "all sources but these; not together with source"};
const Parameter license{.name = "license",
                        .type = Type::list,
                        .meaning = "licences",
                        .values = license_slugs(),
                        .wrong = "License '{}' does not exist."};
const Parameter license_type{.name = "license_type",
                             .type = Type::list,
                             .meaning = "what the licence allows; of several, all of it",
                             .values = kLicenseTypes,
                             .wrong = "License type '{}' does not exist."};
const Parameter extension{
    .name = "extension", .type = Type::list, .meaning = "kinds of file, such as jpg or mp3"};
const Parameter image_category{.name = "category",
                               .type = Type::list,
                               .meaning = "kinds of image",
                               .values = kImageCategories,
                               .media = Media::image};
const Parameter audio_category{.name = "category",
                               .type = Type::list,
                               .meaning = "kinds of recording",
                               .values = kAudioCategories,
                               .media = Media::audio};
const Parameter aspect_ratio{.name = "aspect_ratio",
                             .type = Type::list,
                             .meaning = "shapes of image",
                             .values = kAspectRatios,
                             .media = Media::image};
const Parameter size{.name = "size",
                     .type = Type::list,
                     .meaning = "by the number of pixels",
                     .values = kSizes,
                     .media = Media::image};
const Parameter length{.name = "length",
                       .type = Type::list,
                       .meaning = "by the duration",
                       .values = kLengths,
                       .media = Media::audio};
const Parameter peaks{.name = "peaks",
                      .type = Type::boolean,
                      .meaning = "the peaks of the waveform with each recording",
                      .media = Media::audio,
                      .fallback = "false"};
const Parameter mature{
    .name = "mature", .type = Type::boolean, .meaning = "sensitive works too", .fallback = "false"};
const Parameter include_sensitive{.name = "unstable__include_sensitive_results",
                                  .type = Type::boolean,
                                  .meaning = "the same as mature; only one of the two may be given",
                                  .fallback = "false"};
const Parameter filter_dead{.name = "filter_dead",
                            .type = Type::boolean,
                            .meaning = "without works whose file is known to be gone",
                            .fallback = "true"};
const Parameter collection{.name = "unstable__collection",
                           .type = Type::choice,
                           .meaning =
                               "all works of a tag (with unstable__tag), a source (with "
                               "source) or a creator (with both source and creator); not "
                               "together with q, and no filter is heeded",
                           .values = kCollections};
const Parameter collection_tag{
    .name = "unstable__tag", .meaning = "the tag of a collection, exactly", .longest = 200};
const Parameter sort_by{.name = "unstable__sort_by",
                        .type = Type::choice,
                        .meaning = "order of the results",
                        .values = kSortBy,
                        .fallback = "relevance",
                        .who = Access::authenticated};
const Parameter sort_dir{.name = "unstable__sort_dir",
                         .type = Type::choice,
                         .meaning = "direction of that order",
                         .values = kSortDirections,
                         .fallback = "desc",
                         .who = Access::authenticated};
const Parameter authority{.name = "unstable__authority",
                          .type = Type::boolean,
                          .meaning = "authoritative sources first",
                          .fallback = "false",
                          .who = Access::authenticated};
const Parameter authority_boost{.name = "unstable__authority_boost",
                                .type = Type::number,
                                .meaning = "how much authority counts",
                                .least = 0,
                                .most = 10,
                                .fallback = "1.0",
                                .who = Access::authenticated};
const Parameter sort{.name = "sort",
                     .type = Type::choice,
                     .meaning =
                         "order of the results: the newest first, by when a work was found "
                         "first (indexed_on, created_on) or changed last (updated_on)",
                     .values = kOrders,
                     .fallback = "relevance"};
const Parameter created_since{.name = "created_since",
                              .type = Type::time,
                              .meaning = "works that were found first then or later"};
const Parameter updated_since{.name = "updated_since",
                              .type = Type::time,
                              .meaning = "works that changed last then or later"};
const Parameter exact_count{.name = "exact_count",
                            .type = Type::boolean,
                            .meaning = "result_count is how many works match, also beyond 240",
                            .fallback = "false"};
const Parameter index{.name = "internal__index",
                      .meaning = "the index to ask",
                      .who = Access::authenticated,
                      .wrong = "Invalid index name `{}`.",
                      .is_hidden = true};

}  // namespace parameter

std::span<const Parameter> search_parameters() {
  using namespace parameter;
  static const std::vector<Parameter> list{page_size,
                                           page,
                                           cursor,
                                           q,
                                           title,
                                           creator,
                                           tags,
                                           license,
                                           license_type,
                                           source,
                                           excluded_source,
                                           image_category,
                                           audio_category,
                                           extension,
                                           aspect_ratio,
                                           size,
                                           length,
                                           peaks,
                                           mature,
                                           include_sensitive,
                                           filter_dead,
                                           collection,
                                           collection_tag,
                                           sort_by,
                                           sort_dir,
                                           authority,
                                           authority_boost,
                                           sort,
                                           created_since,
                                           updated_since,
                                           exact_count,
                                           index};
  return list;
}

std::span<const Parameter> work_parameters() {
  static const std::vector<Parameter> list{parameter::peaks};
  return list;
}

}  // namespace freshet::api
