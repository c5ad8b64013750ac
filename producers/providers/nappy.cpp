#include "producers/providers/nappy.hpp"

#include <cmath>

#include "core/text.hpp"
#include "producers/provider.hpp"
#include "producers/values.hpp"

namespace freshet {
namespace nappy_rules {

std::optional<std::int64_t> read_filesize(std::string_view text) {
  constexpr double kLargest = 9e15;  // what a double counts one by one
  text = trim_space(text);
  for (const auto& [unit, factor] : {std::pair{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}}) {
    if (!text.ends_with(unit)) {
      continue;
    }
    const auto number = plain_number(text.substr(0, text.size() - 2));
    const double bytes = number ? std::nearbyint(*number * factor) : kLargest;
    return std::abs(bytes) < kLargest ? std::optional{static_cast<std::int64_t>(bytes)}
                                      : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace nappy_rules

namespace {

json::value filesize_of(const json::value& photo) {
  const auto text = text_at(photo, "/filesize");
  const auto bytes = text ? nappy_rules::read_filesize(*text) : std::nullopt;
  return bytes ? json::value(*bytes) : json::value(nullptr);
}

json::value thumbnail_of(const json::value& url) {
  if (is_empty(url)) {
    return nullptr;
  }
  return json::value(required_text(url) + "?auto=format&w=600&q=75");
}

json::array tags_of(const json::value& photo) {
  const std::string all = required_text(required_member(photo, "tags"));
  json::array tags;
  for (std::size_t start = 0; start <= all.size();) {
    const std::size_t end = std::min(all.find(',', start), all.size());
    tags.emplace_back(all.substr(start, end - start));
    start = end + 1;
  }
  return tags;
}

/// Photographs of Black and Brown people; everything of a picture is in the list, under the names
/// that records have.
///
/// @source  Nappy's API for Openverse, v1; seen 2023-04.
class Nappy final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "nappy",
        .title = "Nappy",
        .providers = {{MediaType::image, "nappy"}},
        .hosts = {"api.nappy.co"},
        .endpoint = "https://api.nappy.co/v1/openverse/images",
        .answer = {.list = "/images"},
        .schedule = "monthly",
        .headers = {{"accept", "application/json"}},
        .fixed_values = {{"license_url", "https://creativecommons.org/publicdomain/zero/1.0/"}},
        .notes = "Popularity metric: `meta_data.downloads`."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous == nullptr) {
      return Params{{"page", "1"}, {"per_page", std::to_string(run.batch_limit)}};
    }
    if (!previous->body.is_null() && is_last(previous->body)) {
      return std::nullopt;
    }
    const auto page = param_number(previous->params, "page", 1) + 1;
    return with_param(previous->params, "page", std::to_string(page));
  }

  std::optional<std::string> fault_of(const json::value& body) const override {
    if (auto fault = Provider::fault_of(body)) {
      return fault;
    }
    return body.get_object().contains("next_page")
               ? std::nullopt
               : std::optional<std::string>{"'next_page' is missing"};
  }

  // Told by the last page: the total moves while pages are read.
  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return is_last(reply.body) ? count_at(reply.body, "/total_results") : std::nullopt;
  }

  void expand(const json::value& photo, Fetch& /*fetch*/, Emit& emit) override {
    const json::value& url = member(photo, "url");
    emit.record(MediaType::image,
                {{"foreign_identifier", member(photo, "foreign_identifier")},
                 {"foreign_landing_url", member(photo, "foreign_landing_url")},
                 {"url", url},
                 {"thumbnail", thumbnail_of(url)},
                 {"filetype", member(photo, "filetype")},
                 {"filesize", filesize_of(photo)},
                 {"creator", member(photo, "creator")},
                 {"creator_url", member(photo, "creator_url")},
                 {"title", member(photo, "title")},
                 {"width", member(photo, "width")},
                 {"height", member(photo, "height")},
                 {"tags", tags_of(photo)},
                 {"meta_data", json::object{{"views", member(photo, "views")},
                                            {"saves", member(photo, "saves")},
                                            {"downloads", member(photo, "downloads")}}}});
  }

 private:
  static bool is_last(const json::value& body) { return is_empty(value_at(body, "/next_page")); }
};

}  // namespace

std::unique_ptr<Provider> nappy() { return std::make_unique<Nappy>(); }

}  // namespace freshet
