#include <cmath>

#include "producers/provider.hpp"
#include "producers/values.hpp"

namespace freshet {
namespace {

constexpr const char* kImages = "https://api.phylopic.org/images";
constexpr const char* kSite = "https://www.phylopic.org";

/// `413.39108x272.68854`, cut to whole pixels.
struct Size {
  json::value width;
  json::value height;
};

json::value whole(double pixels) {
  return std::abs(pixels) < 1e9 ? json::value(static_cast<std::int64_t>(pixels))
                                : json::value(pixels);  // clean counts it as no side of a picture
}

Size size_of(const json::value& file) {
  const json::value& sizes = member(file, "sizes");
  if (is_empty(sizes)) {
    return {};
  }
  const std::string text = required_text(sizes);
  const std::size_t cross = text.find('x');
  if (cross == std::string::npos) {
    return {};
  }
  const auto width = plain_number(std::string_view{text}.substr(0, cross));
  const auto height = plain_number(std::string_view{text}.substr(cross + 1));
  if (!width || !height) {
    throw WrongShape{"'sizes' is no width and height"};
  }
  return {whole(*width), whole(*height)};
}

json::value on_site(const json::value& path) {
  return is_empty(path) ? json::value(nullptr) : json::value(kSite + required_text(path));
}

/// Silhouettes of organisms. Every reply belongs to a build of the database, and a build is gone
/// soon after the next one is there.
///
/// @source  PhyloPic API v2, "/images"; seen 2023-04.
class PhyloPic final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "phylopic",
        .title = "PhyloPic",
        .providers = {{MediaType::image, "phylopic"}},
        .hosts = {"api.phylopic.org"},
        .endpoint = kImages,
        .answer = {.list = "/_embedded/items"},
        .schedule = "weekly",
        .delay = std::chrono::seconds{5},
        .batch_limit = 48,
        .notes =
            "A first request names the build and its number of pages. A build that is gone "
            "(410) is answered by reading the new one from its first page. Landing pages carry "
            "the build, so they change with it."};
    return kSpec;
  }

  Result<std::vector<Params>> fixed_sets(Run& /*run*/, Fetch& fetch) override {
    if (const auto build = ask_for_build(fetch); !build) {
      return build.error();
    }
    return std::vector<Params>{Params{}};
  }

  std::optional<Params> next(Run& /*run*/, const Reply* previous) override {
    if (previous == nullptr) {
      return page_of_build(0);
    }
    const auto page = param_number(previous->params, "page", 0) + 1;
    if (page >= pages_) {
      return std::nullopt;
    }
    return with_param(previous->params, "page", std::to_string(page));
  }

  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    auto reply = Provider::fetch_page(fetch, params);
    if (reply || reply.error().rule() != "410") {
      return reply;
    }
    const auto build = ask_for_build(fetch);
    if (!build) {
      return build.error();
    }
    if (param_at(params, "build") == *build) {
      return reply;
    }
    reply = Provider::fetch_page(fetch, page_of_build(0));
    if (reply) {
      reply->begins_anew = true;
    }
    return reply;
  }

  void expand(const json::value& image, Fetch& /*fetch*/, Emit& emit) override {
    const json::value& links = object_or_empty(image, "_links");
    const json::value& self = object_or_empty(links, "self");
    const json::value& file = object_or_empty(links, "sourceFile");
    const json::value& contributor = object_or_empty(links, "contributor");
    const Size size = size_of(file);
    emit.record(MediaType::image,
                {{"foreign_identifier", member(image, "uuid")},
                 {"foreign_landing_url", on_site(member(self, "href"))},
                 {"url", member(file, "href")},
                 {"license_url", member(object_or_empty(links, "license"), "href")},
                 {"creator", member(contributor, "title")},
                 {"creator_url", on_site(member(contributor, "href"))},
                 {"title", member(self, "title")},
                 {"width", size.width},
                 {"height", size.height}});
  }

 private:
  // The present build; its number of pages is remembered.
  Result<std::string> ask_for_build(Fetch& fetch) {
    static const Judge kIsBuild = must_hold({.holds = {"/build", "/totalPages"}});
    const auto body = fetch.get(kImages, {}, kIsBuild);
    if (!body) {
      return body.error();
    }
    const auto pages = count_at(*body, "/totalPages");
    if (!pages) {
      return Error{Errc::malformed_payload, "", "answer",
                   std::string{kImages} + ": 'totalPages' is no count"};
    }
    pages_ = *pages;
    build_ = required_text(member(*body, "build"));
    return build_;
  }

  Params page_of_build(std::int64_t page) const {
    return {{"build", build_}, {"page", std::to_string(page)}, {"embed_items", "true"}};
  }

  std::string build_;
  std::int64_t pages_ = 0;
};

}  // namespace

std::unique_ptr<Provider> phylopic() { return std::make_unique<PhyloPic>(); }

}  // namespace freshet
