#include "producers/providers/europeana.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "producers/lists.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace europeana_rules {

std::string description_of(const json::value& item) {
  const json::value& by_language = member(item, "dcDescriptionLangAware");
  const json::value* texts = &member(item, "dcDescription");
  if (!is_empty(by_language)) {
    for (const char* language : {"def", "en"}) {
      if (const json::value& found = member(by_language, language); !is_empty(found)) {
        texts = &found;
      }
    }
  }
  const json::value first = first_element(*texts);
  return is_empty(first) ? std::string{} : std::string{trim_space(required_text(first))};
}

}  // namespace europeana_rules

namespace {

constexpr const char* kRecords = "https://api.europeana.eu/record/v2";

/// Institutions that are a source of their own.
constexpr std::pair<std::string_view, std::string_view> kInstitutions[] = {
    {"Wellcome Collection", "wellcome_collection"}};

json::value source_of(const json::value& item) {
  const json::value& data_provider = required_member(item, "dataProvider");
  if (data_provider.is_null()) {
    throw WrongShape{"'dataProvider' is null"};
  }
  const auto names = elements(data_provider);
  for (const auto& [institution, source] : kInstitutions) {
    if (std::ranges::find(names, json::value(institution)) != names.end()) {
      return json::value(source);
    }
  }
  return nullptr;
}

json::value license_of(const json::value& item) {
  for (const json::value& right : elements(member(item, "rights"))) {
    if (required_text(right).find("creativecommons") != std::string::npos) {
      return right;
    }
  }
  return nullptr;
}

// An institution's page; Europeana's own where none is named.
json::value landing_url_of(const json::value& item) {
  const json::value& shown_at = member(item, "edmIsShownAt");
  return is_empty(shown_at) ? member(item, "guid") : first_element(shown_at);
}

json::object meta_data_of(const json::value& item) {
  json::object meta_data =
      known_members(item, {{"country", "country"}, {"dataProvider", "dataProvider"}});
  meta_data["description"] = europeana_rules::description_of(item);
  return meta_data;
}

bool is_picture_at(const json::value& resource, const json::value& url) {
  const auto type = text_at(resource, "/ebucoreHasMimeType");
  return type && type->starts_with("image") && member(resource, "about") == url;
}

// What the detail reply says of the file itself.
void add_file(const json::value& detail, const json::value& url, json::object& fields) {
  const json::value aggregation =
      first_element(member(object_or_empty(detail, "object"), "aggregations"), json::object{});
  const auto resources = elements(member(aggregation, "webResources"));
  const auto found = std::ranges::find_if(
      resources, [&](const json::value& resource) { return is_picture_at(resource, url); });
  if (found == resources.end()) {
    return;
  }
  const json::value& width = member(*found, "ebucoreWidth");
  const json::value& height = member(*found, "ebucoreHeight");
  if (!is_empty(width) && !is_empty(height)) {
    fields["width"] = width;
    fields["height"] = height;
  }
  const std::string_view type = *text_at(*found, "/ebucoreHasMimeType");
  if (const auto slash = type.find('/'); slash != std::string_view::npos) {
    fields["filetype"] = type.substr(slash + 1);
  }
  fields["filesize"] = member(*found, "ebucoreFileByteSize");
}

/// Records of open or restricted reuse that were updated on a day, by cursor; each is asked for
/// again to learn the size of its picture.
///
/// @source Europeana Search API and Record API v2.
class Europeana final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "europeana",
        .title = "Europeana",
        .providers = {{MediaType::image, "europeana"}},
        .hosts = {"api.europeana.eu"},
        .endpoint = "https://api.europeana.eu/record/v2/search.json",
        .answer = {.list = "/items",
                   .status = "/success",
                   .success = "true",
                   .holds = {"/success"}},
        .schedule = "daily",
        .dated = Dated::yes,
        .delay = std::chrono::seconds{3},
        .credential = Credential{.original_name = "API_KEY_EUROPEANA",
                                 .place = Credential::Place::query,
                                 .name = "wskey",
                                 .is_optional = true},
        .notes =
            "Each record takes a request of its own, for width, height, type and size of its "
            "picture. Errors are told by `success`."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      return with_optional(previous->params, "cursor", previous->at_or_null("/nextCursor"));
    }
    const UtcTime day = *parse_date(*run.date);
    return Params{{"profile", "rich"},
                  {"reusability", "open"},
                  {"reusability", "restricted"},
                  {"sort", "europeana_id+desc"},
                  {"sort", "timestamp_created+desc"},
                  {"rows", std::to_string(run.batch_limit)},
                  {"media", "true"},
                  {"start", "1"},
                  {"qf", "TYPE:IMAGE"},
                  {"qf", "provider_aggregation_edm_isShownBy:*"},
                  {"query", "timestamp_update:[" + format_date(day) + "T00:00:00Z TO " +
                                format_date(day + std::chrono::hours{24}) + "T00:00:00Z]"},
                  {"cursor", "*"}};
  }

  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    const json::value& id = member(item, "id");
    const json::value url = first_element(member(item, "edmIsShownBy"));
    json::object fields{{"foreign_identifier", id},
                        {"foreign_landing_url", landing_url_of(item)},
                        {"url", url},
                        {"license_url", license_of(item)},
                        {"title", first_element(member(item, "title"))},
                        {"source", source_of(item)},
                        {"meta_data", meta_data_of(item)}};
    if (const auto reason = reason_to_drop(fields)) {
      return emit.drop(*reason);
    }
    const auto detail = fetch.find(kRecords + required_text(id) + ".json");
    if (!detail) {
      return emit.reject(detail.error());
    }
    if (*detail && !is_empty(value_at(**detail, "/success"))) {
      add_file(**detail, url, fields);
    }
    emit.record(MediaType::image, std::move(fields));
  }

 private:
  // Before the request for details, which would be wasted.
  static std::optional<ProducerDrop> reason_to_drop(const json::object& fields) {
    const json::value& url = fields.at("url");
    // Dropbox shows a page in the place of the picture.
    const bool is_page =
        url.is_string() && url.get_string().find("dropbox.com") != json::string::npos;
    if (is_empty(fields.at("foreign_identifier"))) {
      return ProducerDrop::missing_foreign_identifier;
    }
    if (is_empty(fields.at("foreign_landing_url"))) {
      return ProducerDrop::missing_foreign_landing_url;
    }
    if (is_empty(url) || is_page) {
      return ProducerDrop::missing_url;
    }
    if (is_empty(fields.at("title"))) {
      return ProducerDrop::missing_title;
    }
    return is_empty(fields.at("license_url")) ? std::optional{ProducerDrop::no_license}
                                              : std::nullopt;
  }
};

}  // namespace

std::unique_ptr<Provider> europeana() { return std::make_unique<Europeana>(); }

}  // namespace freshet
