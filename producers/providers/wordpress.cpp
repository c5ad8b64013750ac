#include <array>
#include <charconv>

#include "core/text.hpp"
#include "producers/file_size.hpp"
#include "producers/html.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace {

constexpr const char* kPhotos = "https://wordpress.org/photos/wp-json/wp/v2/photos";

/// Of the renderings that WordPress makes of a photograph, the best first. `full` is the original,
/// which may be huge.
constexpr std::array<std::string_view, 5> kSizes{"2048x2048", "1536x1536", "medium_large", "large",
                                                 "full"};

constexpr std::array<std::string_view, 6> kOfTheCamera{
    "aperture", "camera", "created_timestamp", "focal_length", "iso", "shutter_speed"};

std::optional<std::int64_t> number_in(const http::Headers& headers, std::string_view name) {
  for (const auto& [its_name, text] : headers) {
    std::int64_t number = 0;
    if (its_name == name &&
        std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{}) {
      return number;
    }
  }
  return std::nullopt;
}

/// A rendering of a photograph, as the API describes it, and its size in bytes where it is told.
struct Rendering {
  const json::value* image = nullptr;
  json::value filesize;
};

Rendering best_rendering(const json::value& details) {
  const json::value& sizes = object_or_empty(details, "sizes");
  for (const std::string_view name : kSizes) {
    const json::value& image = object_or_empty(sizes, name);
    if (!is_empty(member(image, "source_url"))) {
      return {&image, member(name == "full" ? details : image, "filesize")};
    }
  }
  return {};
}

json::value title_of(const json::value& photo) {
  const json::value& html = member(object_or_empty(photo, "content"), "rendered");
  const auto content = is_empty(html) ? std::nullopt : read_html(required_text(html));
  return content ? json::value(trim_space(content->text)) : json::value(nullptr);
}

/// Photographs under CC0, with author, file and terms embedded in the list.
///
/// @source  WordPress REST API, "Pagination" and "Linking and embedding", with the photo
/// directory's
///          own type; seen 2023-04.
class WordPress final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "wordpress",
        .title = "WordPress Photo Directory",
        .providers = {{MediaType::image, "wordpress"}},
        .hosts = {"wordpress.org", "pd.w.org"},
        .endpoint = kPhotos,
        .answer = {.list = ""},
        .schedule = "weekly",
        .fixed_values = {{"license_url", "https://creativecommons.org/publicdomain/zero/1.0/"}},
        .notes =
            "A HEAD request tells the number of pages (`X-WP-TotalPages`); where a list reply "
            "tells it, too, the newer number counts. URLs keep the slash at their end, without "
            "which the site does not answer."};
    return kSpec;
  }

  Result<std::vector<Params>> fixed_sets(Run& run, Fetch& fetch) override {
    const http::Query query{{"per_page", std::to_string(run.batch_limit)}, {"_embed", "true"}};
    const auto head = fetch.head(std::string{kPhotos} + "?" + http::encode_query(query));
    if (!head) {
      return head.error();
    }
    const auto pages = number_in(head->headers, "x-wp-totalpages");
    if (!pages) {
      return Error{Errc::malformed_payload, "", "answer",
                   std::string{kPhotos} + ": 'X-WP-TotalPages' is missing"};
    }
    pages_ = *pages;
    return std::vector<Params>{Params{}};
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous == nullptr) {
      return Params{{"format", "json"},
                    {"page", "1"},
                    {"per_page", std::to_string(run.batch_limit)},
                    {"_embed", "true"}};
    }
    pages_ = number_in(previous->headers, "x-wp-totalpages").value_or(pages_);
    const auto page = param_number(previous->params, "page", 1);
    if (page >= pages_) {
      return std::nullopt;
    }
    return with_param(previous->params, "page", std::to_string(page + 1));
  }

  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return number_in(reply.headers, "x-wp-total");
  }

  void expand(const json::value& photo, Fetch& fetch, Emit& emit) override {
    const json::value& embedded = object_or_empty(photo, "_embedded");
    const auto media = elements(member(embedded, "wp:featuredmedia"));
    if (media.empty()) {
      return emit.drop(ProducerDrop::no_image);
    }
    const json::value& details = object_or_empty(media.front(), "media_details");
    const Rendering rendering = best_rendering(details);
    if (rendering.image == nullptr) {
      return emit.drop(ProducerDrop::missing_url);
    }
    json::object fields{{"foreign_identifier", member(photo, "slug")},
                        {"foreign_landing_url", member(photo, "link")},
                        {"url", member(*rendering.image, "source_url")},
                        {"filesize", rendering.filesize},
                        {"title", title_of(photo)},
                        {"width", member(*rendering.image, "width")},
                        {"height", member(*rendering.image, "height")}};
    add_author(embedded, fields);
    add_terms(embedded, details, fields);
    const bool is_wanted =
        !is_empty(fields["foreign_identifier"]) && !is_empty(fields["foreign_landing_url"]);
    if (is_wanted && (is_empty(rendering.filesize) || rendering.filesize == "0")) {
      fields["filesize"] = file_size_or_null(fetch, required_text(fields["url"]));
    }
    emit.record(MediaType::image, std::move(fields));
  }

 private:
  static void add_author(const json::value& embedded, json::object& fields) {
    const auto authors = elements(member(embedded, "author"));
    if (authors.empty()) {
      return;
    }
    const json::value& author = authors.front();
    fields["creator"] = default_if_empty(author, "name", member(author, "slug"));
    fields["creator_url"] = default_if_empty(author, "url", member(author, "link"));
  }

  // Terms are grouped by taxonomy; each names its own.
  static void add_terms(const json::value& embedded, const json::value& details,
                        json::object& fields) {
    json::object meta_data;
    json::array tags;
    json::array categories;
    json::array colors;
    const json::value& of_the_image = object_or_empty(details, "image_meta");
    for (const std::string_view name : kOfTheCamera) {
      if (const json::value& value = member(of_the_image, name); !is_empty(value)) {
        meta_data.emplace(name, value);
      }
    }
    for (const json::value& group : elements(member(embedded, "wp:term"))) {
      for (const json::value& term : group.as_array()) {
        const json::value& taxonomy = member(term, "taxonomy");
        const json::value& name = member(term, "name");
        if (taxonomy == "photo_category") {
          categories.push_back(name);
        } else if (taxonomy == "photo_color") {
          colors.push_back(name);
        } else if (taxonomy == "photo_orientation") {
          meta_data["orientation"] = name;
        } else if (taxonomy == "photo_tag") {
          tags.push_back(name);
        }
      }
    }
    if (!categories.empty()) {
      meta_data["categories"] = std::move(categories);
    }
    if (!colors.empty()) {
      meta_data["colors"] = std::move(colors);
    }
    fields["meta_data"] = std::move(meta_data);
    fields["tags"] = std::move(tags);
  }

  std::int64_t pages_ = 0;  // as told last; asked for anew when a run is resumed
};

}  // namespace

std::unique_ptr<Provider> wordpress() { return std::make_unique<WordPress>(); }

}  // namespace freshet
