#include "producers/providers/smithsonian.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "producers/provider.hpp"
#include "producers/values.hpp"

namespace freshet {
namespace {

constexpr const char* kApi = "https://api.si.edu/openaccess/api/v1.0/";

/// Museums and archives by the code of their unit, in order of the codes.
constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kUnits{
    {{"ACM", "smithsonian_anacostia_museum"},
     {"CFCHFOLKLIFE", "smithsonian_ralph_rinzler_archive"},
     {"CHNDM", "smithsonian_cooper_hewitt_museum"},
     {"FBR", "smithsonian_field_book_project"},
     {"FSG", "smithsonian_freer_gallery_of_art"},
     {"HAC", "smithsonian_gardens"},
     {"HMSG", "smithsonian_hirshhorn_museum"},
     {"NASM", "smithsonian_air_and_space_museum"},
     {"NMAAHC", "smithsonian_african_american_history_museum"},
     {"NMAH", "smithsonian_american_history_museum"},
     {"NMAI", "smithsonian_american_indian_museum"},
     {"NMAfA", "smithsonian_african_art_museum"},
     {"NMNHANTHRO", "smithsonian_national_museum_of_natural_history"},
     {"NMNHBIRDS", "smithsonian_national_museum_of_natural_history"},
     {"NMNHBOTANY", "smithsonian_national_museum_of_natural_history"},
     {"NMNHEDUCATION", "smithsonian_national_museum_of_natural_history"},
     {"NMNHENTO", "smithsonian_national_museum_of_natural_history"},
     {"NMNHFISHES", "smithsonian_national_museum_of_natural_history"},
     {"NMNHHERPS", "smithsonian_national_museum_of_natural_history"},
     {"NMNHINV", "smithsonian_national_museum_of_natural_history"},
     {"NMNHMAMMALS", "smithsonian_national_museum_of_natural_history"},
     {"NMNHMINSCI", "smithsonian_national_museum_of_natural_history"},
     {"NMNHPALEO", "smithsonian_national_museum_of_natural_history"},
     {"NPG", "smithsonian_portrait_gallery"},
     {"NPM", "smithsonian_postal_museum"},
     {"NZP", "smithsonian_zoo_and_conservation"},
     {"OFEO-SG", "smithsonian_gardens"},
     {"SAAM", "smithsonian_american_art_museum"},
     {"SIA", "smithsonian_institution_archives"},
     {"SIL", "smithsonian_libraries"}}};

/// Labels of names in free text, those of each rank: whoever made a work comes before who printed,
/// published or gave it.
const std::vector<std::vector<std::string_view>> kLabels{
    {"artist", "artist/maker", "attributed to", "author", "created_by", "creator", "created by",
     "model maker", "modeler", "photographer", "photograph by", "written by"},
    {"architect", "designer", "designed by", "illustrator", "illustrated by", "cartoonist",
     "weaver", "composer", "composed by", "embroiderer", "landscape architect", "calligrapher",
     "sculptor", "jeweler", "potter", "ceramist"},
    {"compiled by", "engraver", "etcher", "maker", "silversmith", "producer", "produced by",
     "metal worker", "carver", "cartographer"},
    {"print maker", "painter", "after", "inventor", "lithographer", "attribution",
     "former attribution"},
    {"manufactured by", "manufacturer", "published by", "publisher", "editor"},
    {"patentee"},
    {"collector"}};

constexpr std::array<std::string_view, 12> kDescriptions{"description",
                                                         "summary",
                                                         "caption",
                                                         "notes",
                                                         "description (brief)",
                                                         "description (spanish)",
                                                         "description (brief spanish)",
                                                         "gallery label",
                                                         "exhibition label",
                                                         "luce center label",
                                                         "publication label",
                                                         "new acquisition label"};

const json::value kEmptyObject = json::object{};
const json::value kEmptyList = json::array{};

// The API's members come in any type: one of another type than expected counts as empty.
const json::value& object_at(const json::value& root, std::string_view pointer) {
  const json::value& value = value_at(root, pointer);
  return value.is_object() ? value : kEmptyObject;
}
std::span<const json::value> list_at(const json::value& root, std::string_view pointer) {
  const json::value& value = value_at(root, pointer);
  return elements(value.is_array() ? value : kEmptyList);
}
std::string text_or_empty(const json::value& root, std::string_view pointer) {
  return std::string{text_at(root, pointer).value_or("")};
}

std::string label_of(const json::value& note) {
  return std::string{trim_space(lower_case(text_or_empty(note, "/label")))};
}

std::optional<std::size_t> rank_of(const json::value& name) {
  const std::string label = lower_case(text_or_empty(name, "/label"));
  const std::string content = text_or_empty(name, "/content");
  if (content.empty() || lower_case(content).find("unknown") != std::string::npos) {
    return std::nullopt;
  }
  for (std::size_t rank = 0; rank < kLabels.size(); ++rank) {
    const auto& labels = kLabels[rank];
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
      return rank;
    }
  }
  return std::nullopt;
}

// `a`, `a and b`, `a; b and c`.
std::string in_words(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 == names.size() ? " and " : "; ";
    text += names[i];
  }
  return text;
}

}  // namespace

namespace smithsonian_rules {

std::optional<std::string> creator_of(const json::value& row) {
  std::vector<std::string> names;
  std::size_t best = kLabels.size();
  for (const json::value& name : list_at(row, "/content/freetext/name")) {
    const auto rank = rank_of(name);
    if (!rank || *rank > best) {
      continue;
    }
    if (*rank < best) {
      names.clear();
      best = *rank;
    }
    names.push_back(text_or_empty(name, "/content"));
  }
  if (!names.empty()) {
    return in_words(names);
  }
  for (const json::value& name : list_at(row, "/content/indexedStructured/name")) {
    std::string content = text_or_empty(name, "/content");
    if (lower_case(text_or_empty(name, "/type")) == "personal_main" && !content.empty()) {
      return content;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> source_of(std::string_view unit_code) {
  for (const auto& [code, source] : kUnits) {
    if (code == unit_code) {
      return source;
    }
  }
  return std::nullopt;
}

std::optional<std::string> compare_unit_codes(std::vector<std::string> reported) {
  std::sort(reported.begin(), reported.end());
  std::vector<std::string> added;
  std::vector<std::string_view> gone;
  for (const std::string& code : reported) {
    if (!source_of(code)) {
      added.push_back(code);
    }
  }
  for (const auto& [code, source] : kUnits) {
    if (!std::binary_search(reported.begin(), reported.end(), code)) {
      gone.push_back(code);
    }
  }
  if (added.empty() && gone.empty()) {
    return std::nullopt;
  }
  return fmt::format("the museum's units have changed; new codes: [{}], outdated ones: [{}]",
                     fmt::join(added, ", "), fmt::join(gone, ", "));
}

std::vector<std::string> hash_prefixes(int digits) {
  std::vector<std::string> prefixes;
  for (int number = 0; number < 1 << (4 * digits); ++number) {
    prefixes.push_back(fmt::format("{:0{}x}", number, digits));
  }
  return prefixes;
}

}  // namespace smithsonian_rules

namespace {

std::vector<const json::value*> open_images(const json::value& row) {
  std::vector<const json::value*> images;
  for (const json::value& medium :
       list_at(row, "/content/descriptiveNonRepeating/online_media/media")) {
    if (member(medium, "type") == "Images" &&
        member(object_or_empty(medium, "usage"), "access") == "CC0") {
      images.push_back(&medium);
    }
  }
  return images;
}

// The notes under labels of one kind, one after the other; null where there are none.
template <typename IsWanted>
json::value notes_of(const json::value& row, IsWanted is_wanted) {
  std::string text;
  for (const json::value& note : list_at(row, "/content/freetext/notes")) {
    if (is_wanted(label_of(note))) {
      text += (text.empty() ? "" : " ") + required_text(member(note, "content"));
    }
  }
  return text.empty() ? json::value(nullptr) : json::value(std::move(text));
}

json::object meta_data_of(const json::value& row, const json::value& description) {
  return without_nulls(
      {{"unit_code", member(description, "unit_code")},
       {"data_source", member(description, "data_source")},
       {"description", notes_of(row,
                                [](const std::string& label) {
                                  return std::find(kDescriptions.begin(), kDescriptions.end(),
                                                   label) != kDescriptions.end();
                                })},
       {"label_text",
        notes_of(row, [](const std::string& label) { return label == "label text"; })}});
}

json::array tags_of(const json::value& row) {
  json::array tags;
  for (const char* name : {"date", "object_type", "topic", "place"}) {
    for (const json::value& tag : list_at(row, std::string{"/content/indexedStructured/"} + name)) {
      if (!is_empty(tag)) {
        tags.push_back(tag);
      }
    }
  }
  return tags;
}

/// Pictures that the institution gives away (CC0), searched in 256 parts by the first two digits of
/// each row's hash; a record per picture.
///
/// @source  Smithsonian Open Access API v1.0, "/search" and "/terms/unit_code"; seen 2023-04.
class Smithsonian final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "smithsonian",
        .title = "Smithsonian Institution",
        .providers = {{MediaType::image, "smithsonian"}},
        .hosts = {"api.si.edu"},
        .endpoint = std::string{kApi} + "search",
        .answer = {.list = "/response/rows",
                   .status = "/responseCode",
                   .success = "1",
                   .total = "/response/rowCount"},
        .paging = Paging::counted,
        .schedule = "weekly",
        .delay = std::chrono::seconds{5},
        .credential = Credential{.original_name = "API_KEY_DATA_GOV", .name = "api_key"},
        .fixed_values = {{"license_url", "https://creativecommons.org/publicdomain/zero/1.0/"}},
        .batch_limit = 1'000,
        .notes =
            "A run begins by asking for the codes of all units. If they are not those that "
            "sources are known for, it ends and names the new and the outdated ones. A row "
            "of an unknown unit is rejected."};
    return kSpec;
  }

  Result<std::vector<Params>> fixed_sets(Run& /*run*/, Fetch& fetch) override {
    if (auto fault = check_units(fetch)) {
      return std::move(*fault);
    }
    std::vector<Params> sets;
    for (const std::string& prefix : smithsonian_rules::hash_prefixes(2)) {
      sets.push_back(
          {{"q", "online_media_type:Images AND media_usage:CC0 AND hash:" + prefix + "*"}});
    }
    return sets;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto start = param_number(previous->params, "start", 0) + run.batch_limit;
      return with_param(previous->params, "start", std::to_string(start));
    }
    return Params{{"rows", std::to_string(run.batch_limit)}, {"start", "0"}};
  }

  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return announced_at_the_end(reply);
  }

  void expand(const json::value& row, Fetch& /*fetch*/, Emit& emit) override {
    const auto images = open_images(row);
    if (images.empty()) {
      return emit.drop(ProducerDrop::no_image);
    }
    const json::value& description = object_at(row, "/content/descriptiveNonRepeating");
    const json::value landing_url =
        default_if_empty(description, "record_link", member(description, "guid"));
    if (is_empty(landing_url)) {
      return emit.drop(ProducerDrop::missing_foreign_landing_url);
    }
    const std::string unit_code = text_or_empty(description, "/unit_code");
    const auto source = smithsonian_rules::source_of(trim_space(unit_code));
    if (!source) {
      return emit.reject({Errc::invalid_value, "source", "unit_code",
                          "'" + unit_code + "' is the code of no known unit"});
    }
    const auto creator = smithsonian_rules::creator_of(row);
    const json::object meta_data = meta_data_of(row, description);
    const json::array tags = tags_of(row);
    for (const json::value* image : images) {
      emit.record(MediaType::image,
                  {{"foreign_identifier", member(*image, "idsId")},
                   {"foreign_landing_url", landing_url},
                   {"url", member(*image, "content")},
                   {"creator", creator ? json::value(*creator) : json::value(nullptr)},
                   {"title", member(row, "title")},
                   {"meta_data", meta_data},
                   {"tags", tags},
                   {"source", *source}});
    }
  }

 private:
  static std::optional<Error> check_units(Fetch& fetch) {
    static const Judge kIsList = [](const json::value& body) {
      auto fault = freshet::fault_of(body, {.list = "/response/terms"});
      return fault || !is_empty(value_at(body, "/response/terms"))
                 ? fault
                 : std::optional<std::string>{"'response/terms' names no unit"};
    };
    const std::string url = std::string{kApi} + "terms/unit_code";
    const auto body = fetch.get(url, {{"q", "online_media_type:Images"}}, kIsList);
    if (!body) {
      return body.error();
    }
    std::vector<std::string> codes;
    for (const json::value& code : list_at(*body, "/response/terms")) {
      codes.push_back(scalar_text(code));
    }
    if (auto difference = smithsonian_rules::compare_unit_codes(std::move(codes))) {
      return Error{Errc::invalid_value, "", "unit_code", url + ": " + *difference};
    }
    return std::nullopt;
  }

  static std::string scalar_text(const json::value& value) {
    return value.is_string() ? std::string{value.get_string()} : to_json(value);
  }
};

}  // namespace

std::unique_ptr<Provider> smithsonian() { return std::make_unique<Smithsonian>(); }

}  // namespace freshet
