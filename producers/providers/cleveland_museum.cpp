#include <algorithm>

#include "core/text.hpp"
#include "producers/lists.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace {

// The smallest size that has an address: the others are for print.
const json::value* picture_of(const json::value& images) {
  for (const char* size : {"web", "print", "full"}) {
    const json::value& picture = member(images, size);
    if (!is_empty(picture) && !is_empty(member(picture, "url"))) {
      return &picture;
    }
  }
  return nullptr;
}

// Numbers arrive as digits; anything else is none.
json::value number_of(const json::value& picture, std::string_view name) {
  const auto text = scalar_at(picture, name);
  const bool is_number = text && std::ranges::all_of(*text, is_ascii_digit);
  return is_number ? member(picture, name) : json::value(nullptr);
}

json::value creator_of(const json::value& artwork) {
  const auto creators = elements(member(artwork, "creators"));
  return creators.empty() ? json::value("")
                          : default_if_missing(creators.front(), "description", "");
}

// All that is not null, in one text.
json::value culture_of(const json::value& artwork) {
  const json::value& culture = default_if_missing(artwork, "culture", json::array{});
  if (culture.is_null()) {
    throw WrongShape{"'culture' is no list"};
  }
  json::array known;
  for (const json::value& part : elements(culture)) {
    if (!part.is_null()) {
      known.push_back(part);
    }
  }
  const std::string text = *joined(known, ",");
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object meta_data_of(const json::value& artwork) {
  json::object meta_data = known_members(artwork, {{"accession_number", "accession_number"},
                                                   {"technique", "technique"},
                                                   {"date", "creation_date"},
                                                   {"credit_line", "creditline"},
                                                   {"classification", "type"},
                                                   {"tombstone", "tombstone"}});
  add_known(meta_data, "culture", culture_of(artwork));
  return meta_data;
}

/// Artworks by pages of 1,000, everything in the list reply. Only what the museum calls CC0 is
/// open.
///
/// @source Cleveland Museum of Art Open Access API, "artworks".
class ClevelandMuseum final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "cleveland_museum",
        .title = "Cleveland Museum of Art",
        .providers = {{MediaType::image, "clevelandmuseum"}},
        .hosts = {"openaccess-api.clevelandart.org"},
        .endpoint = "http://openaccess-api.clevelandart.org/api/artworks/",
        .answer = {.list = "/data", .total = "/info/total"},
        .paging = Paging::counted,
        .schedule = "monthly",
        .delay = std::chrono::seconds{5},
        .fixed_values = {{"license", "cc0"}, {"license_version", "1.0"}},
        .batch_limit = 1'000};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto skip = param_number(previous->params, "skip", 0) + run.batch_limit;
      return with_param(previous->params, "skip", std::to_string(skip));
    }
    return Params{
        {"cc", "1"}, {"has_image", "1"}, {"limit", std::to_string(run.batch_limit)}, {"skip", "0"}};
  }

  void expand(const json::value& artwork, Fetch& /*fetch*/, Emit& emit) override {
    if (lower_case(scalar_at(artwork, "share_license_status").value_or("")) != "cc0") {
      return emit.drop(ProducerDrop::not_public_domain);
    }
    const json::value& images = member(artwork, "images");
    const json::value* picture = is_empty(images) ? nullptr : picture_of(images);
    if (picture == nullptr) {
      return emit.drop(ProducerDrop::no_image);
    }
    const json::value& id = member(artwork, "id");
    emit.record(MediaType::image,
                {{"foreign_identifier", is_empty(id) ? id : json::value(required_text(id))},
                 {"foreign_landing_url", member(artwork, "url")},
                 {"url", member(*picture, "url")},
                 {"filesize", number_of(*picture, "filesize")},
                 {"creator", creator_of(artwork)},
                 {"title", member(artwork, "title")},
                 {"meta_data", meta_data_of(artwork)},
                 {"width", number_of(*picture, "width")},
                 {"height", number_of(*picture, "height")}});
  }
};

}  // namespace

std::unique_ptr<Provider> cleveland_museum() { return std::make_unique<ClevelandMuseum>(); }

}  // namespace freshet
