#include <unordered_set>

#include "producers/lists.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace {

constexpr const char* kSite = "https://collections.museumsvictoria.com.au/";

// The largest size that has an address; the thumbnail is none.
const json::value* picture_of(const json::value& medium) {
  for (const char* size : {"large", "medium", "small"}) {
    const json::value& picture = object_or_empty(medium, size);
    if (!is_empty(member(picture, "uri"))) {
      return &picture;
    }
  }
  return nullptr;
}

json::value text_of_list(const json::value& list) {
  const auto text = joined(list, ",");
  return text ? json::value(*text) : json::value(nullptr);
}

json::object meta_data_of(const json::value& object) {
  json::object meta_data = known_members(object, {{"datemodified", "dateModified"},
                                                  {"category", "category"},
                                                  {"description", "physicalDescription"}});
  add_known(meta_data, "keywords", text_of_list(member(object, "keywords")));
  add_known(meta_data, "classifications", text_of_list(member(object, "classifications")));
  return meta_data;
}

/// Objects with pictures, searched by licence; a record per picture.
///
/// @source Museums Victoria Collections API, "/api/search".
class MuseumVictoria final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "museum_victoria",
        .title = "Museums Victoria",
        .providers = {{MediaType::image, "museumsvictoria"}},
        .hosts = {"collections.museumsvictoria.com.au"},
        .endpoint = "https://collections.museumsvictoria.com.au/api/search",
        .answer = {.list = ""},
        .paging = Paging::counted,
        .schedule = "monthly",
        .delay = std::chrono::seconds{5},
        .headers = {{"accept", "application/json"}},
        .notes =
            "Objects are searched by the licence of their pictures; one that is found under "
            "several is read once, with all of its pictures."};
    return kSpec;
  }

  Result<std::vector<Params>> fixed_sets(Run& /*run*/, Fetch& /*fetch*/) override {
    std::vector<Params> sets;
    for (const char* license :
         {"public domain", "cc by", "cc by-nc", "cc by-nc-sa", "cc by-nc-nd", "cc by-sa"}) {
      sets.push_back({{"imagelicense", license}});
    }
    return sets;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto page = param_number(previous->params, "page", 0) + 1;
      return with_param(previous->params, "page", std::to_string(page));
    }
    return Params{
        {"hasimages", "yes"}, {"perpage", std::to_string(run.batch_limit)}, {"page", "0"}};
  }

  void expand(const json::value& object, Fetch& /*fetch*/, Emit& emit) override {
    const auto id = scalar_at(object, "id");
    if (!id) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    if (seen_.contains(*id)) {
      return emit.drop(ProducerDrop::already_seen);
    }
    const auto media = elements(member(object, "media"));
    if (media.empty()) {
      emit.drop(ProducerDrop::no_image);
    }
    const json::object meta_data = meta_data_of(object);
    for (const json::value& medium : media) {
      if (member(medium, "type") != json::value("image")) {
        emit.drop(ProducerDrop::unsupported_media_type);
        continue;
      }
      const json::value* picture = picture_of(medium);
      if (picture == nullptr) {
        emit.drop(ProducerDrop::no_image);
        continue;
      }
      emit.record(MediaType::image,
                  {{"foreign_identifier", member(medium, "id")},
                   {"foreign_landing_url", kSite + *id},
                   {"url", member(*picture, "uri")},
                   {"filesize", member(*picture, "size")},
                   {"license_url", member(object_or_empty(medium, "licence"), "uri")},
                   {"creator", text_of_list(member(medium, "creators"))},
                   {"title", member(object, "displayTitle")},
                   {"meta_data", meta_data},
                   {"width", member(*picture, "width")},
                   {"height", member(*picture, "height")}});
    }
    seen_.insert(*id);
  }

 private:
  std::unordered_set<std::string> seen_;  // an object is listed under each licence it has
};

}  // namespace

std::unique_ptr<Provider> museum_victoria() { return std::make_unique<MuseumVictoria>(); }

}  // namespace freshet
