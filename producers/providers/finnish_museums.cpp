#include "producers/lists.hpp"
#include "producers/provider.hpp"
#include "producers/time_slices.hpp"

namespace freshet {
namespace {

/// Collections that are read, each a source of its own.
constexpr std::pair<std::string_view, std::string_view> kBuildings[] = {
    {"0/Suomen kansallismuseo/", "national_museum_of_finland"},
    {"0/Museovirasto/", "finnish_heritage_agency"},
    {"0/SATMUSEO/", "finnish_satakunnan_museum"},
    {"0/SA-kuva/", "finnish_military_museum"}};

constexpr SliceLimits kLimits{
    .max_records = 10'000, .division_threshold = 100'000, .min_divisions = 12, .max_divisions = 20};

json::value source_of(const json::value& record) {
  const auto buildings = elements(member(record, "buildings"));
  if (buildings.empty()) {
    throw WrongShape{"'buildings' names none"};
  }
  const json::value& building = member(buildings.front(), "value");
  for (const auto& [name, source] : kBuildings) {
    if (building == json::value(name)) {
      return json::value(source);
    }
  }
  return nullptr;
}

// Authors are the names of members; a group without authors is an empty list.
json::value creator_of(const json::value& record) {
  const json::value& authors = member(record, "authors");
  if (is_empty(authors)) {
    return nullptr;
  }
  std::string creator;
  for (const char* group : {"primary", "secondary", "corporate"}) {
    if (const json::object* names = member(authors, group).if_object()) {
      for (const auto& [name, roles] : *names) {
        creator += creator.empty() ? "" : "; ";
        creator += name;
      }
    }
  }
  return creator.empty() ? json::value(nullptr) : json::value(creator);
}

json::value license_url_of(const json::value& record) {
  const json::value& link = member(object_or_empty(record, "imageRights"), "link");
  if (is_empty(link)) {
    return nullptr;
  }
  std::string url = required_text(link);
  if (url.ends_with("deed.fi")) {
    url.resize(url.size() - std::string_view{"deed.fi"}.size());
  }
  return json::value(url);
}

// Subjects come in groups.
json::array tags_of(const json::value& record) {
  json::array tags;
  for (const json::value& group : elements(member(record, "subjects"))) {
    if (!group.is_array()) {
      throw WrongShape{"a group of subjects is no list"};
    }
    for (const json::value& subject : group.get_array()) {
      tags.push_back(subject);
    }
  }
  return tags;
}

/// Records of a few collections that were indexed on a day, cut into slices of time; a record is
/// one work per picture.
///
/// All pictures of a record have its identifier, so only the last one stays, as in the batch
/// original: other identifiers would make a second work of each that is there.
/// @source Finna API v1, "search".
class FinnishMuseums final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "finnish_museums",
        .title = "Finnish Museums (Finna)",
        .providers = {{MediaType::image, "finnishmuseums"}},
        .hosts = {"api.finna.fi"},
        .endpoint = "https://api.finna.fi/api/v1/search",
        .answer = {.list = "/records",
                   .status = "/status",
                   .success = "OK",
                   .total = "/resultCount",
                   .holds = {"/status"}},
        .paging = Paging::counted,
        .schedule = "daily",
        .dated = Dated::yes,
        .takes_slice = true,
        .delay = std::chrono::seconds{5},
        .notes =
            "A day is read by collection, and by slices of time where a collection has 10,000 "
            "records and more: hours, then 5 or 3 minutes."};
    return kSpec;
  }

  Result<std::vector<Params>> fixed_sets(Run& run, Fetch& fetch) override {
    std::vector<Params> sets;
    for (const auto& [building, source] : kBuildings) {
      const auto set = [&](const TimeSlice& slice) {
        return Params{{"filter[]", R"(format:"0/Image/")"},
                      {"filter[]", "building:\"" + std::string{building} + "\""},
                      {"filter[]", "last_indexed:\"[" + format_seconds(slice.from) + " TO " +
                                       format_seconds(slice.to) + "]\""}};
      };
      const auto slices = slices_of(run, kLimits, [&](const TimeSlice& slice) {
        return count(overlay(*next(run, nullptr), set(slice)), fetch);
      });
      if (!slices) {
        return slices.error();
      }
      for (const TimeSlice& slice : *slices) {
        sets.push_back(set(slice));
      }
    }
    return sets;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto page = param_number(previous->params, "page", 1) + 1;
      return with_param(previous->params, "page", std::to_string(page));
    }
    Params params;
    for (const char* field :
         {"authors", "buildings", "id", "imageRights", "images", "subjects", "title"}) {
      params.emplace_back("field[]", field);
    }
    params.emplace_back("limit", std::to_string(run.batch_limit));
    params.emplace_back("page", "1");
    return params;
  }

  void expand(const json::value& record, Fetch& /*fetch*/, Emit& emit) override {
    const auto images = elements(member(record, "images"));
    if (images.empty()) {
      return emit.drop(ProducerDrop::no_image);
    }
    const auto id = scalar_at(record, "id");
    if (!id) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    const json::value license_url = license_url_of(record);
    const json::value creator = creator_of(record);
    const json::value source = source_of(record);
    const json::array tags = tags_of(record);
    for (const json::value& image : images) {
      if (is_empty(image)) {
        emit.drop(ProducerDrop::missing_url);
        continue;
      }
      emit.record(MediaType::image, {{"foreign_identifier", *id},
                                     {"foreign_landing_url", "https://www.finna.fi/Record/" + *id},
                                     {"url", "https://api.finna.fi" + required_text(image)},
                                     {"license_url", license_url},
                                     {"creator", creator},
                                     {"title", member(record, "title")},
                                     {"tags", tags},
                                     {"source", source}});
    }
  }

 private:
  Result<std::int64_t> count(const Params& params, Fetch& fetch) {
    const auto reply = fetch_page(fetch, params);
    if (!reply) {
      return reply.error();
    }
    return announced(*reply).value_or(0);  // it is there: the answer must hold it
  }
};

}  // namespace

std::unique_ptr<Provider> finnish_museums() { return std::make_unique<FinnishMuseums>(); }

}  // namespace freshet
