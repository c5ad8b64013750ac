#include "producers/protocols/iiif_manifest.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.hpp"
#include "producers/html.hpp"
#include "producers/protocols/media_of.hpp"
#include "producers/provider.hpp"
#include "producers/rights.hpp"

namespace freshet {
namespace {

/// The elements of a list; of a single value that one; of null none.
std::vector<const json::value*> all_of(const json::value& value) {
  std::vector<const json::value*> found;
  if (const json::array* list = value.if_array()) {
    for (const json::value& element : *list) {
      found.push_back(&element);
    }
  } else if (!value.is_null()) {
    found.push_back(&value);
  }
  return found;
}

json::value text_or_null(std::string text) {
  return text.empty() ? json::value(nullptr) : json::value(std::move(text));
}

std::string plain(const std::string& text) {
  const auto content = read_html(text);
  return content ? std::string{trim_space(content->text)} : std::string{};
}

/// One picture or sound, as a canvas paints it.
struct Painted {
  const json::value* canvas = nullptr;
  const json::value* body = nullptr;
};

void add_bodies(const json::value& canvas, const json::value& body, std::vector<Painted>& painted) {
  const std::string type = iiif_type(body);
  if (type == "Choice" || type == "oa:Choice") {  // several ways to show one thing: the first
    const json::value& by_default = value_at(body, "/default");
    const auto choices = all_of(by_default.is_null() ? value_at(body, "/items") : by_default);
    if (!choices.empty()) {
      painted.push_back({&canvas, choices.front()});
    }
  } else if (!body.is_null()) {
    painted.push_back({&canvas, &body});
  }
}

std::vector<Painted> painted_of(const json::value& manifest) {
  std::vector<Painted> painted;
  for (const json::value* sequence : all_of(value_at(manifest, "/sequences"))) {
    for (const json::value* canvas : all_of(value_at(*sequence, "/canvases"))) {
      for (const json::value* image : all_of(value_at(*canvas, "/images"))) {
        add_bodies(*canvas, value_at(*image, "/resource"), painted);
      }
    }
  }
  for (const json::value* canvas : all_of(value_at(manifest, "/items"))) {
    for (const json::value* page : all_of(value_at(*canvas, "/items"))) {
      for (const json::value* annotation : all_of(value_at(*page, "/items"))) {
        if (text_at(*annotation, "/motivation").value_or("painting") != "painting") {
          continue;
        }
        for (const json::value* body : all_of(value_at(*annotation, "/body"))) {
          add_bodies(*canvas, *body, painted);
        }
      }
    }
  }
  return painted;
}

/// The address of a picture as large as its server gives it.
std::string picture_url(const json::value& body) {
  for (const json::value* service : all_of(value_at(body, "/service"))) {
    std::string id = iiif_id(*service);
    while (id.ends_with('/')) {
      id.pop_back();
    }
    const std::string type = iiif_type(*service);
    const std::string context{text_at(*service, "/@context").value_or("")};
    if (id.empty()) {
      continue;
    }
    if (type == "ImageService3" || context.find("image/3") != std::string::npos) {
      return id + "/full/max/0/default.jpg";
    }
    if (type.starts_with("ImageService") || context.find("image/") != std::string::npos) {
      return id + "/full/full/0/default.jpg";
    }
  }
  return iiif_id(body);
}

json::value license_of(const json::value& canvas, const json::value& manifest) {
  std::string first;
  // What is said of the canvas holds for it, whatever is said of the whole.
  for (const json::value* from : {&canvas, &manifest}) {
    if (!first.empty()) {
      break;
    }
    for (const char* name : {"/rights", "/license"}) {
      for (const json::value* one : all_of(value_at(*from, name))) {
        const std::string statement = iiif_id(*one);
        if (const auto url = license_url_of_statement(statement)) {
          return json::value(*url);
        }
        first = first.empty() ? statement : first;
      }
    }
  }
  return text_or_null(first);
}

std::string landing_page(const json::value& manifest) {
  for (const json::value* page : all_of(value_at(manifest, "/homepage"))) {
    if (is_web_address(iiif_id(*page))) {
      return iiif_id(*page);
    }
  }
  for (const json::value* page : all_of(value_at(manifest, "/related"))) {
    const auto format = text_at(*page, "/format");
    if (is_web_address(iiif_id(*page)) && (!format || *format == "text/html")) {
      return iiif_id(*page);
    }
  }
  return iiif_id(manifest);
}

std::string thumbnail_of(const json::value& canvas, const json::value& manifest, bool is_first) {
  for (const json::value* one : all_of(value_at(canvas, "/thumbnail"))) {
    return iiif_id(*one);
  }
  if (is_first) {
    for (const json::value* one : all_of(value_at(manifest, "/thumbnail"))) {
      return iiif_id(*one);
    }
  }
  return {};
}

constexpr std::array<std::string_view, 10> kCreators{
    "creator", "artist",  "author",   "photographer", "maker",
    "painter", "artists", "creators", "authors",      "composer"};
constexpr std::array<std::string_view, 6> kSubjects{"subject", "subjects", "keywords",
                                                    "keyword", "tags",     "topic"};
constexpr std::array<std::string_view, 5> kDates{"date", "date created", "created", "year",
                                                 "dated"};

/// Values of the pairs of `metadata` whose label is one of these.
template <std::size_t Size>
std::vector<std::string> pairs_of(const json::value& manifest,
                                  const std::array<std::string_view, Size>& labels) {
  std::vector<std::string> values;
  for (const json::value* pair : all_of(value_at(manifest, "/metadata"))) {
    const std::string label = lower_case(trim_space(iiif_text(value_at(*pair, "/label"))));
    if (std::ranges::find(labels, label) == labels.end()) {
      continue;
    }
    const json::value& value = value_at(*pair, "/value");
    const json::object* const by_language = value.if_object();
    const json::value& list =
        by_language != nullptr && !by_language->contains("@value") && !by_language->empty()
            ? by_language->begin()->value()
            : value;
    for (const json::value* one : all_of(list)) {
      if (std::string text = plain(iiif_text(*one)); !text.empty()) {
        values.push_back(std::move(text));
      }
    }
  }
  return values;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    out += (out.empty() ? "" : "; ") + text;
  }
  return out;
}

json::object meta_data_of(const json::value& manifest) {
  json::object meta_data;
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) {
      meta_data[name] = text;
    }
  };
  const json::value& summary = value_at(manifest, "/summary");
  add("description",
      plain(iiif_text(summary.is_null() ? value_at(manifest, "/description") : summary)));
  add("date", joined(pairs_of(manifest, kDates)));
  const json::value& statement = value_at(manifest, "/requiredStatement/value");
  add("attribution",
      plain(iiif_text(statement.is_null() ? value_at(manifest, "/attribution") : statement)));
  for (const json::value* provider : all_of(value_at(manifest, "/provider"))) {
    add("publisher", plain(iiif_text(value_at(*provider, "/label"))));
    break;
  }
  return meta_data;
}

std::optional<MediaType> medium_of(const json::value& body) {
  const std::string type = iiif_type(body);
  if (type == "Image" || type == "dctypes:Image") {
    return MediaType::image;
  }
  if (type == "Sound" || type == "Audio" || type == "dctypes:Sound") {
    return MediaType::audio;
  }
  if (const auto format = text_at(body, "/format")) {
    return media_of_type(*format);
  }
  return type.empty() ? std::optional{MediaType::image} : std::nullopt;
}

const json::value& either(const json::value& first, const json::value& second, const char* name) {
  const json::value& found = value_at(first, name);
  return found.is_null() ? value_at(second, name) : found;
}

}  // namespace

std::string iiif_id(const json::value& resource) {
  if (const json::string* text = resource.if_string()) {
    return std::string{*text};
  }
  auto id = text_at(resource, "/id");
  id = id ? id : text_at(resource, "/@id");
  return id ? std::string{*id} : std::string{};
}

std::string iiif_type(const json::value& resource) {
  auto type = text_at(resource, "/type");
  type = type ? type : text_at(resource, "/@type");
  std::string text = type ? std::string{*type} : std::string{};
  return text.starts_with("sc:") ? text.substr(3) : text;
}

std::string iiif_text(const json::value& label) {
  if (const json::string* text = label.if_string()) {
    return std::string{*text};
  }
  if (const json::array* list = label.if_array()) {
    return list->empty() ? std::string{} : iiif_text(list->front());
  }
  const json::object* const object = label.if_object();
  if (object == nullptr || object->empty()) {
    return {};
  }
  for (const char* name : {"@value", "en", "none"}) {
    if (const json::value* found = object->if_contains(name)) {
      return iiif_text(*found);
    }
  }
  return iiif_text(object->begin()->value());
}

void expand_iiif_manifest(const json::value& manifest, std::int64_t most, Emit& emit) {
  const std::string id = iiif_id(manifest);
  if (iiif_type(manifest) != "Manifest" || id.empty()) {
    throw WrongShape{"a manifest without its type or address"};
  }
  const std::vector<Painted> painted = painted_of(manifest);
  const std::vector<std::string> tags = pairs_of(manifest, kSubjects);
  std::int64_t number = 0;
  for (const Painted& one : painted) {
    const auto media_type = medium_of(*one.body);
    const std::string url = picture_url(*one.body);
    if (!media_type || url.empty()) {
      continue;
    }
    if (most > 0 && number == most) {
      break;
    }
    ++number;
    json::object fields{
        {"foreign_identifier", number == 1 ? id : id + "#" + std::to_string(number)},
        {"foreign_landing_url", landing_page(manifest)},
        {"url", *media_type == MediaType::image ? url : iiif_id(*one.body)},
        {"thumbnail", text_or_null(thumbnail_of(*one.canvas, manifest, number == 1))},
        {"license_url", license_of(*one.canvas, manifest)},
        {"title", text_or_null(plain(iiif_text(value_at(manifest, "/label"))))},
        {"creator", text_or_null(joined(pairs_of(manifest, kCreators)))},
        {"tags",
         tags.empty() ? json::value(nullptr) : json::value(json::array(tags.begin(), tags.end()))},
        {"meta_data", meta_data_of(manifest)}};
    if (*media_type == MediaType::image) {
      fields["width"] = either(*one.body, *one.canvas, "/width");
      fields["height"] = either(*one.body, *one.canvas, "/height");
    } else {
      fields["duration"] = milliseconds(either(*one.body, *one.canvas, "/duration"));
    }
    emit.record(*media_type, std::move(fields));
  }
  if (number == 0) {
    emit.drop(painted.empty() ? ProducerDrop::no_image : ProducerDrop::unsupported_media_type);
  }
}

}  // namespace freshet
