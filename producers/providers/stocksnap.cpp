#include "core/fold.hpp"
#include "producers/file_size.hpp"
#include "producers/lists.hpp"
#include "producers/provider.hpp"
#include "producers/values.hpp"

namespace freshet {
namespace {

constexpr const char* kList = "https://stocksnap.io/api/load-photos/date/desc/";

/// Photographs have no titles: the first words by which they are found stand in.
constexpr std::ptrdiff_t kWordsInTitle = 2;

// A photographer without a site of their own is given the source's, or a page that does not exist.
json::value creator_url_of(const json::value& photo) {
  const json::value& website = member(photo, "author_website");
  const bool is_none = website.is_null() || website == "https://stocksnap.io/" ||
                       website == "https://stocksnap.io/author/undefined/";
  return is_none ? member(photo, "author_profile") : website;
}

/// Photographs under CC0, page by page; the size of a file takes a HEAD request.
///
/// @source  The requests of stocksnap.io's own pages; seen 2023-04. There is no documented API.
class StockSnap final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "stocksnap",
        .title = "StockSnap",
        .providers = {{MediaType::image, "stocksnap"}},
        .hosts = {"stocksnap.io", "cdn.stocksnap.io"},
        .endpoint = kList,
        .answer = {.list = "/results"},
        .schedule = "monthly",
        .headers = {{"accept", "application/json"}},
        .fixed_values = {{"license_url", "https://creativecommons.org/publicdomain/zero/1.0/"},
                         {"filetype", "jpg"}},
        .batch_limit = 40,
        .notes =
            "The page number is part of the address; `page` is a parameter here only, and the "
            "site decides how many photographs a page has. Width and height are those of the "
            "original, the picture itself is 960 pixels wide. Popularity metric: "
            "`meta_data.downloads_raw`."};
    return kSpec;
  }

  std::optional<Params> next(Run& /*run*/, const Reply* previous) override {
    if (previous == nullptr) {
      return Params{{"page", "1"}};
    }
    if (!previous->body.is_null() && is_empty(value_at(previous->body, "/nextPage"))) {
      return std::nullopt;
    }
    const auto page = param_number(previous->params, "page", 1) + 1;
    return with_param(previous->params, "page", std::to_string(page));
  }

  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    const std::string url = kList + std::string{param_at(params, "page").value_or("1")};
    auto body = fetch.get(url, {}, judge());
    if (!body) {
      return body.error();
    }
    return Reply{params, url, std::move(*body), {}};
  }

  std::optional<std::string> fault_of(const json::value& body) const override {
    if (auto fault = Provider::fault_of(body)) {
      return fault;
    }
    return body.get_object().contains("nextPage")
               ? std::nullopt
               : std::optional<std::string>{"'nextPage' is missing"};
  }

  void expand(const json::value& photo, Fetch& fetch, Emit& emit) override {
    const auto id = scalar_at(photo, "img_id");
    const auto keywords = elements(member(photo, "keywords"));
    if (!id) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    if (keywords.empty()) {
      return emit.drop(ProducerDrop::missing_foreign_landing_url);  // they are part of it
    }
    const json::array words(keywords.begin(),
                            keywords.begin() + std::min(std::ssize(keywords), kWordsInTitle));
    const std::string url = "https://cdn.stocksnap.io/img-thumbs/960w/" + *id + ".jpg";
    const json::value& creator = member(photo, "author_name");
    const bool is_named = !is_empty(creator);
    emit.record(
        MediaType::image,
        {{"foreign_identifier", *id},
         {"foreign_landing_url", "https://stocksnap.io/photo/" + *joined(words, "-") + "-" + *id},
         {"url", url},
         {"filesize", file_size_or_null(fetch, url)},
         {"creator", is_named ? creator : json::value(nullptr)},
         {"creator_url", is_named ? creator_url_of(photo) : json::value(nullptr)},
         {"title", title_case(*joined(words, " "))},
         {"meta_data", without_nulls({{"downloads_raw", member(photo, "downloads_raw")},
                                      {"page_views_raw", member(photo, "page_views_raw")},
                                      {"favorites_raw", member(photo, "favorites_raw")}})},
         {"tags", member(photo, "keywords")},
         {"width", member(photo, "img_width")},
         {"height", member(photo, "img_height")}});
  }
};

}  // namespace

std::unique_ptr<Provider> stocksnap() { return std::make_unique<StockSnap>(); }

}  // namespace freshet
