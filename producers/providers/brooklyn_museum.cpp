#include "producers/html.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace {

constexpr const char* kObjects = "https://www.brooklynmuseum.org/api/v2/object/";

// The description of the rights is HTML; the one link to Creative Commons in it is the licence.
std::optional<std::string> license_of(const json::value& object) {
  const json::value& rights = object_or_empty(object, "rights_type");
  const auto content = read_html(required_text(member(rights, "description")));
  if (!content) {
    return std::nullopt;
  }
  std::optional<std::string> license;
  for (const std::string& link : content->links) {
    if (link.find("https://creativecommons.org/") == std::string::npos) {
      continue;
    }
    if (license) {
      return std::nullopt;  // two of them: nobody can say which one holds
    }
    license = link;
  }
  return license;
}

json::value creator_of(const json::value& object) {
  if (const json::array* artists = member(object, "artists").if_array()) {
    for (const json::value& artist : *artists) {
      if (member(artist, "rank") == json::value(1)) {
        return member(artist, "name");
      }
    }
  }
  return nullptr;
}

// The derivative whose size is the largest one's, or null.
json::value derivative_of(const json::value& image) {
  const json::value& largest = member(image, "largest_derivative");
  if (const json::array* derivatives = member(image, "derivatives").if_array()) {
    for (const json::value& derivative : *derivatives) {
      if (member(derivative, "size") == largest) {
        return derivative;
      }
    }
  }
  return json::object{};
}

json::object meta_data_of(const json::value& object) {
  return known_members(object, {{"accession_number", "accession_number"},
                                {"date", "object_date"},
                                {"description", "description"},
                                {"medium", "medium"},
                                {"credit_line", "credit_line"},
                                {"classification", "classification"}});
}

/// Lists objects with pictures under permissive rights, then asks for each; an object is one record
/// per picture.
///
/// @source Brooklyn Museum Open Collection API v2, "object".
class BrooklynMuseum final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "brooklyn_museum",
        .title = "Brooklyn Museum",
        .providers = {{MediaType::image, "brooklynmuseum"}},
        .hosts = {"www.brooklynmuseum.org"},
        .endpoint = kObjects,
        .answer = {.list = "/data",
                   .status = "/message",
                   .success = "Success.",
                   .holds = {"/message"}},
        .paging = Paging::counted,
        .schedule = "monthly",
        .credential = Credential{.original_name = "API_KEY_BROOKLYN_MUSEUM",
                                 .place = Credential::Place::header,
                                 .name = "api_key"},
        .batch_limit = 35,
        .notes =
            "Each object takes a request of its own. Errors are told in replies of status 200."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto offset = param_number(previous->params, "offset", 0) + run.batch_limit;
      return with_param(previous->params, "offset", std::to_string(offset));
    }
    return Params{{"has_images", "1"},
                  {"rights_type_permissive", "1"},
                  {"limit", std::to_string(run.batch_limit)},
                  {"offset", "0"}};
  }

  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    const auto id = scalar_at(item, "id");
    if (!id) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    const auto license = license_of(item);
    if (!license) {
      return emit.drop(ProducerDrop::no_license);
    }
    static const Judge kIsObject =
        must_hold({.status = "/message", .success = "Success.", .holds = {"/message", "/data"}});
    const auto detail = fetch.get(kObjects + *id, {}, kIsObject);
    if (!detail) {
      return emit.no_detail(detail.error());
    }
    const json::value& object = member(*detail, "data");
    const auto images = elements(member(object, "images"));
    if (images.empty()) {
      return emit.drop(ProducerDrop::no_image);
    }
    const std::string landing_url = "https://www.brooklynmuseum.org/opencollection/objects/" +
                                    scalar_at(object, "id").value_or(*id);
    const json::value title = default_if_missing(object, "title", "");
    const json::value creator = creator_of(object);
    const json::object meta_data = meta_data_of(object);
    for (const json::value& image : images) {
      const json::value derivative = derivative_of(image);
      emit.record(MediaType::image, {{"foreign_identifier", member(image, "id")},
                                     {"foreign_landing_url", landing_url},
                                     {"url", member(image, "largest_derivative_url")},
                                     {"license_url", *license},
                                     {"creator", creator},
                                     {"title", title},
                                     {"meta_data", meta_data},
                                     {"width", member(derivative, "width")},
                                     {"height", member(derivative, "height")}});
    }
  }
};

}  // namespace

std::unique_ptr<Provider> brooklyn_museum() { return std::make_unique<BrooklynMuseum>(); }

}  // namespace freshet
