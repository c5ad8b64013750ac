#include "producers/providers/rawpixel.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "core/text.hpp"
#include "producers/html.hpp"
#include "producers/provider.hpp"
#include "producers/values.hpp"

namespace freshet {
namespace rawpixel_rules {
namespace {

bool drop_end(std::string_view& text, std::string_view lower_case_end) {
  if (text.size() < lower_case_end.size() ||
      lower_ascii(text.substr(text.size() - lower_case_end.size())) != lower_case_end) {
    return false;
  }
  text.remove_suffix(lower_case_end.size());
  return true;
}

std::string_view without_mark(std::string_view text) {
  const bool has_mark =
      !text.empty() && std::string_view{".,!?"}.find(text.back()) != std::string_view::npos;
  return has_mark ? text.substr(0, text.size() - 1) : text;
}

// A whole sentence of advertisement, or nothing.
std::string_view without_sentence(std::string_view text) {
  std::string_view rest = without_mark(text);
  for (const std::string_view sentence :
       {"free public domain cc0 image", "free public domain cc0 photo",
        "digitally enhanced by rawpixel"}) {
    if (drop_end(rest, sentence)) {
      return rest;
    }
  }
  return text;
}

// `Original public domain`, `free`, … and a mark behind it, or the mark alone.
std::string_view without_phrase(std::string_view text) {
  std::string_view rest = without_mark(text);
  for (const std::string_view phrase :
       {"public domain cc0 image", "public domain cc0 photo", "public domain", "public"}) {
    if (drop_end(rest, phrase)) {
      break;
    }
  }
  std::string_view before = rest;
  if (before.ends_with(' ')) {
    before.remove_suffix(1);
  }
  for (const std::string_view adjective : {"free", "original"}) {
    if (drop_end(before, adjective)) {
      return before;
    }
  }
  return rest;
}

}  // namespace

std::string sign(const http::Query& query, std::string_view key) {
  http::Query sorted = query;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const std::string text = "/api/v1/search?" + http::encode_query(sorted);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  FRESHET_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     digest.data(), &size) != nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE * 2> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  std::string result{reinterpret_cast<const char*>(encoded.data()),
                     static_cast<std::size_t>(length)};
  std::erase(result, '=');
  std::replace(result.begin(), result.end(), '+', '-');
  std::replace(result.begin(), result.end(), '/', '_');
  return result;
}

std::string clean_text(std::string_view text) {
  const std::string decoded = decode_entities(without_phrase(without_sentence(trim_space(text))));
  std::string_view result = trim_space(decoded);
  if (result.ends_with(',')) {
    result.remove_suffix(1);
  }
  return std::string{result};
}

std::optional<std::string> title_of(std::string_view title) {
  std::string cleaned = clean_text(title.substr(0, title.find('|')));
  if (cleaned.ends_with('.')) {
    cleaned.pop_back();
  }
  return cleaned.empty() ? std::nullopt : std::optional{std::move(cleaned)};
}

}  // namespace rawpixel_rules

namespace {

// The sizes that are made of a picture; larger ones carry a watermark, but for those of PNGs.
struct Sizes {
  std::string_view picture;
  std::string_view thumbnail;
};

Sizes sizes_of(const json::value& item) {
  if (is_empty(member(item, "isPng"))) {
    return {"editor_1024", "image_600"};
  }
  return is_empty(member(item, "isDarkPng")) ? Sizes{"image_png_1300", "image_png_600"}
                                             : Sizes{"dark_image_png_1300", "dark_image_png_600"};
}

json::value url_of(const json::value& item, std::string_view size) {
  const json::value& style = member(item, "style_uri");
  return is_empty(style) ? json::value(nullptr)
                         : json::value(replace_all(required_text(style), "{}", size));
}

// The larger of two sides: one of them may be that of a preview, or 0.
json::value larger(const json::value& item, std::string_view name, std::string_view other) {
  const json::value& a = member(item, name);
  const json::value& b = member(item, other);
  if (!a.is_number() || !b.is_number()) {
    return a.is_number() || is_empty(b) ? a : b;
  }
  return a.to_number<double>() < b.to_number<double>() ? b : a;
}

json::value creator_of(const json::value& item) {
  constexpr std::string_view kNoted = "(Source)";
  const json::value& names = member(item, "artist_names");
  if (is_empty(names)) {
    return nullptr;
  }
  const std::string text = required_text(names);
  std::string_view name = text;
  if (name.ends_with(kNoted)) {
    name.remove_suffix(kNoted.size());
  }
  name = trim_space(name);
  return name.empty() ? json::value(nullptr) : json::value(name);
}

json::value title_of(const json::value& metadata) {
  const json::value& title = member(metadata, "title");
  const auto cleaned =
      is_empty(title) ? std::nullopt : rawpixel_rules::title_of(required_text(title));
  return cleaned ? json::value(*cleaned) : json::value(nullptr);
}

json::value description_of(const json::value& metadata) {
  const json::value& text = member(metadata, "description_text");
  if (is_empty(text)) {
    return nullptr;
  }
  std::string cleaned = rawpixel_rules::clean_text(required_text(text));
  return cleaned.empty() ? json::value(nullptr) : json::value(std::move(cleaned));
}

std::vector<std::string> keywords_of(const json::value& metadata) {
  std::vector<std::string> keywords;
  for (const json::value& keyword : elements(member(metadata, "popular_keywords"))) {
    if (const json::string* text = keyword.if_string()) {
      keywords.emplace_back(*text);
    }
  }
  return keywords;
}

json::array tags_of(const std::vector<std::string>& keywords) {
  json::array tags;
  for (const std::string& keyword : keywords) {
    const bool is_of_licence = keyword.find("cc0") != std::string::npos ||
                               keyword.find("creative commons") != std::string::npos ||
                               keyword.find("public domain") != std::string::npos;
    if (!is_of_licence) {
      tags.emplace_back(keyword);
    }
  }
  return tags;
}

json::value category_of(const std::vector<std::string>& keywords) {
  const auto has = [&](std::string_view keyword) {
    return std::find(keywords.begin(), keywords.end(), keyword) != keywords.end();
  };
  if (has("public domain art")) {
    return "digitized_artwork";
  }
  if (has("image") || has("photo")) {
    return "photograph";
  }
  return has("clipart") ? json::value("illustration") : json::value(nullptr);
}

/// The part of the site that is in the public domain, by its search. Each request is signed.
///
/// @source  The requests of rawpixel.com's own pages, and its makers; seen 2023-04. There is no
///          documented API.
class Rawpixel final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "rawpixel",
        .title = "rawpixel",
        .providers = {{MediaType::image, "rawpixel"}},
        .hosts = {"www.rawpixel.com"},
        .endpoint = "https://www.rawpixel.com/api/v1/search",
        .answer = {.list = "/results", .total = "/total"},
        .paging = Paging::counted,
        .schedule = "monthly",
        .credential =
            Credential{
                .original_name = "API_KEY_RAWPIXEL", .name = "s", .sign = &rawpixel_rules::sign},
        .notes =
            "Pictures have no watermark up to 1,024 pixels, PNGs up to 1,300. Popularity "
            "metric: `meta_data.download_count`."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto page = param_number(previous->params, "page", 1) + 1;
      return with_param(previous->params, "page", std::to_string(page));
    }
    return Params{
        {"tags", "$publicdomain"}, {"page", "1"}, {"pagesize", std::to_string(run.batch_limit)}};
  }

  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return announced_at_the_end(reply);
  }

  void expand(const json::value& item, Fetch& /*fetch*/, Emit& emit) override {
    const json::value& metadata = member(item, "metadata");
    if (is_empty(metadata)) {
      return emit.drop(ProducerDrop::no_license);  // it is part of it
    }
    const Sizes sizes = sizes_of(item);
    const auto keywords = keywords_of(metadata);
    emit.record(MediaType::image,
                {{"foreign_identifier", member(item, "id")},
                 {"foreign_landing_url", member(item, "url")},
                 {"url", url_of(item, sizes.picture)},
                 {"thumbnail", url_of(item, sizes.thumbnail)},
                 {"filetype", member(item, "name_ext")},
                 {"license_url", required_member(metadata, "licenseUrl")},
                 {"creator", creator_of(item)},
                 {"title", title_of(metadata)},
                 {"meta_data", without_nulls({{"description", description_of(metadata)},
                                              {"download_count", member(item, "download_count")}})},
                 {"tags", tags_of(keywords)},
                 {"category", category_of(keywords)},
                 {"width", larger(item, "width", "display_image_width")},
                 {"height", larger(item, "height", "display_image_height")}});
  }
};

}  // namespace

std::unique_ptr<Provider> rawpixel() { return std::make_unique<Rawpixel>(); }

}  // namespace freshet
