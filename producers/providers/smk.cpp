#include "producers/providers/smk.hpp"

#include "producers/lists.hpp"
#include "producers/provider.hpp"
#include "producers/values.hpp"

namespace freshet {
namespace smk_rules {

std::string landing_url(std::string_view object_number) {
  return "https://open.smk.dk/en/artwork/image/" + encode_path(object_number);
}

}  // namespace smk_rules

namespace {

// The museum's links hold spaces.
json::value link_of(const json::value& url) {
  return is_empty(url) ? json::value(nullptr)
                       : json::value(replace_all(required_text(url), " ", "%20"));
}

// Works of the last years are served by IIIF, whose address names the picture; older ones have a
// number and a file.
struct Picture {
  json::value id;
  json::value url;
};

Picture picture_of(const json::value& work) {
  if (const auto iiif = scalar_at(work, "image_iiif_id")) {
    return {json::value(*iiif), json::value(*iiif + "/full/!2048,/0/default.jpg")};
  }
  return {member(work, "id"), member(work, "image_native")};
}

json::value landing_url_of(const json::value& work) {
  const auto number = scalar_at(work, "object_number");
  return number ? json::value(smk_rules::landing_url(*number)) : json::value(nullptr);
}

// A member of the first element of a list; null where there is no list, or nothing in it.
json::value first_of(const json::value& work, std::string_view list, std::string_view name) {
  const json::array* elements = member(work, list).if_array();
  return elements == nullptr || elements->empty() ? json::value(nullptr)
                                                  : member(elements->front(), name);
}

json::value names_of(const json::value& list) {
  const auto names = joined(list, ",");
  return names ? json::value(*names) : json::value(nullptr);
}

json::object meta_data_of(const json::value& work) {
  return without_nulls({{"created_date", member(work, "created")},
                        {"collection", names_of(member(work, "collection"))},
                        {"techniques", names_of(member(work, "techniques"))},
                        {"colors", names_of(member(work, "colors"))}});
}

/// Works in the public domain that have a picture; a record each. Further pictures of a work
/// (`alternative_images`) are details and backs, and are left out on purpose.
///
/// @source  SMK Open API v1, "/art/search"; seen 2023-04.
class Smk final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "smk",
        .title = "Statens Museum for Kunst",
        .providers = {{MediaType::image, "smk"}},
        .hosts = {"api.smk.dk"},
        .endpoint = "https://api.smk.dk/api/v1/art/search/",
        .answer = {.list = "/items", .total = "/found"},
        .paging = Paging::counted,
        .schedule = "monthly",
        .delay = std::chrono::seconds{5},
        .headers = {{"accept", "application/json"}},
        .batch_limit = 2'000,
        .notes =
            "Width, height and size are those of the original; the picture that the address "
            "gives has at most 2,048 pixels a side."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto offset = param_number(previous->params, "offset", 0) + run.batch_limit;
      return with_param(previous->params, "offset", std::to_string(offset));
    }
    return Params{{"keys", "*"},
                  {"filters", "[has_image:true],[public_domain:true]"},
                  {"offset", "0"},
                  {"rows", std::to_string(run.batch_limit)},
                  {"lang", "en"}};
  }

  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return announced_at_the_end(reply);
  }

  void expand(const json::value& work, Fetch& /*fetch*/, Emit& emit) override {
    const Picture picture = picture_of(work);
    emit.record(MediaType::image,
                {{"foreign_identifier", picture.id},
                 {"foreign_landing_url", landing_url_of(work)},
                 {"url", link_of(picture.url)},
                 {"thumbnail", link_of(member(work, "image_thumbnail"))},
                 {"filesize", default_if_empty(work, "image_size", member(work, "size"))},
                 {"license_url", member(work, "rights")},
                 {"creator", first_of(work, "production", "creator")},
                 {"title", first_of(work, "titles", "title")},
                 {"meta_data", meta_data_of(work)},
                 {"width", member(work, "image_width")},
                 {"height", member(work, "image_height")}});
  }
};

}  // namespace

std::unique_ptr<Provider> smk() { return std::make_unique<Smk>(); }

}  // namespace freshet
