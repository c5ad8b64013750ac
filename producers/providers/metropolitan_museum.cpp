#include "producers/provider.hpp"

namespace freshet {
namespace {

constexpr const char* kObjects = "https://collectionapi.metmuseum.org/public/collection/v1/objects";

// `…/DP251139.jpg` is `DP251139`: the file name up to its first dot.
std::string image_name(std::string_view url) {
  url = url.substr(url.rfind('/') + 1);
  return std::string{url.substr(0, url.find('.'))};
}

json::array tags_of(const json::value& object) {
  json::array tags;
  for (const char* name : {"department", "medium", "culture", "objectName", "artistDisplayName",
                           "classification", "objectDate", "creditLine", "period"}) {
    if (const json::value& value = member(object, name); !is_empty(value)) {
      tags.push_back(value);
    }
  }
  for (const json::value& tag : elements(member(object, "tags"))) {
    tags.push_back(required_member(tag, "term"));
  }
  return tags;
}

std::vector<std::string> images_of(const json::value& object) {
  std::vector<std::string> images;
  const auto add = [&](const json::value& image) {
    if (!is_empty(image)) {
      images.push_back(required_text(image));
    }
  };
  add(member(object, "primaryImage"));
  for (const json::value& image : elements(member(object, "additionalImages"))) {
    add(image);
  }
  return images;
}

/// Lists the ids of all objects (or of those changed since a day) in one reply, then asks for each;
/// an object is one record per picture. Only what the museum calls public domain is open: CC0.
///
/// @source  The Metropolitan Museum of Art Collection API, "Objects" and "Object"; seen 2026-11.
class MetropolitanMuseum final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "metropolitan_museum",
        .title = "Metropolitan Museum of Art",
        .providers = {{MediaType::image, "met"}},
        .hosts = {"collectionapi.metmuseum.org"},
        .endpoint = kObjects,
        .answer = {.list = "/objectIDs", .total = "/total"},
        .schedule = "daily",
        .dated = Dated::optional,
        .delay = std::chrono::microseconds{12'500},
        .in_flight = 24,
        .retries = 5,
        .fixed_values = {{"license", "cc0"}, {"license_version", "1.0"}},
        .notes =
            "One list request names every object; each object takes a request of its own. The API "
            "asks for at most 80 a second, so a full run of half a million takes about two hours."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      return std::nullopt;  // one list, never a second page
    }
    return run.date ? Params{{"metadataDate", *run.date}} : Params{};
  }

  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    const std::string id = required_text(item);
    // An object that does not name itself is an error in disguise, not one without a licence.
    static const Judge kIsObject = must_hold({.holds = {"/objectID"}});
    const auto object = fetch.get(std::string{kObjects} + "/" + id, {}, kIsObject);
    if (!object) {
      return emit.no_detail(object.error());
    }
    if (is_empty(member(*object, "isPublicDomain"))) {
      return emit.drop(ProducerDrop::not_public_domain);
    }
    if (is_empty(member(*object, "objectURL"))) {
      return emit.drop(ProducerDrop::missing_foreign_landing_url);
    }
    const auto images = images_of(*object);
    if (images.empty()) {
      return emit.drop(ProducerDrop::no_image);
    }
    const json::value& accession_number = member(*object, "accessionNumber");
    json::value meta_data;
    if (!is_empty(accession_number)) {
      meta_data = json::object{{"accession_number", accession_number}};
    }
    const json::value title = default_if_empty(*object, "title", member(*object, "objectName"));
    const json::array tags = tags_of(*object);
    const std::string landing_url = required_text(member(*object, "objectURL"));
    for (const std::string& image : images) {
      emit.record(MediaType::image, {{"foreign_identifier", id + "-" + image_name(image)},
                                     {"foreign_landing_url", replace_all(landing_url, " ", "%20")},
                                     {"url", replace_all(image, " ", "%20")},
                                     {"creator", member(*object, "artistDisplayName")},
                                     {"title", title},
                                     {"meta_data", meta_data},
                                     {"tags", tags}});
    }
  }
};

}  // namespace

std::unique_ptr<Provider> metropolitan_museum() { return std::make_unique<MetropolitanMuseum>(); }

}  // namespace freshet
