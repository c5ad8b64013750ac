#include "producers/file_size.hpp"
#include "producers/lists.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace {

// `…/photo/2/` is 2: the last part, with or without a slash behind it.
std::string identifier_of(std::string page) {
  if (page.ends_with('/')) {
    page.pop_back();
  }
  const auto slash = page.rfind('/');
  if (slash == std::string::npos) {
    throw WrongShape{"'page_link' has no parts"};
  }
  return page.substr(slash + 1);
}

std::string without_deed(const json::value& license) {
  return replace_all(required_text(license), "deed.en", "");
}

/// Photos by pages; each is asked for its size.
///
/// @source Justtakeitfree API, "api.php".
class Justtakeitfree final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "justtakeitfree",
        .title = "Justtakeitfree",
        .providers = {{MediaType::image, "justtakeitfree"}},
        .hosts = {"justtakeitfree.com"},
        .endpoint = "https://justtakeitfree.com/api/api.php",
        .answer = {.list = "/data"},
        .paging = Paging::counted,
        .schedule = "monthly",
        .credential = Credential{.original_name = "API_KEY_JUSTTAKEITFREE",
                                 .place = Credential::Place::query,
                                 .name = "key"},
        .fixed_values = {{"creator", "Justtakeitfree Free Photos"},
                         {"creator_url", "https://justtakeitfree.com"}},
        .notes =
            "Each photo takes a HEAD request for its size. A page that names its number and has no "
            "`data` is an empty one."};
    return kSpec;
  }

  std::optional<Params> next(Run& /*run*/, const Reply* previous) override {
    const auto page = previous == nullptr ? 1 : param_number(previous->params, "page", 1) + 1;
    return Params{{"page", std::to_string(page)}};
  }

  std::optional<std::string> fault_of(const json::value& body) const override {
    const bool is_empty_page = value_at(body, "/data").is_null() && count_at(body, "/page") > 1 &&
                               value_at(body, "/error").is_null();
    return is_empty_page ? std::nullopt : Provider::fault_of(body);
  }

  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    const json::value photo = first_element(item);  // each is in a list of its own
    const json::value& page = member(photo, "page_link");
    const json::value& url = member(photo, "full_image_link");
    const json::value license = default_if_missing(photo, "license_link", "");
    if (is_empty(page)) {
      return emit.drop(ProducerDrop::missing_foreign_landing_url);
    }
    const std::string identifier = identifier_of(required_text(page));
    if (identifier.empty()) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    if (is_empty(url)) {
      return emit.drop(ProducerDrop::missing_url);
    }
    const std::string license_url = without_deed(license);
    if (license_url.empty()) {
      return emit.drop(ProducerDrop::no_license);
    }
    const auto size = file_size(fetch, required_text(url));
    if (!size) {
      return emit.no_detail(size.error());
    }
    emit.record(MediaType::image, {{"foreign_identifier", identifier},
                                   {"foreign_landing_url", page},
                                   {"url", url},
                                   {"thumbnail", member(photo, "preview_link")},
                                   {"filesize", *size ? json::value(**size) : json::value(nullptr)},
                                   {"license_url", license_url},
                                   {"tags", member(photo, "tags")}});
  }
};

}  // namespace

std::unique_ptr<Provider> justtakeitfree() { return std::make_unique<Justtakeitfree>(); }

}  // namespace freshet
