#include "producers/protocols/iiif.hpp"

#include <charconv>
#include <set>
#include <unordered_map>

#include "producers/protocols/iiif_manifest.hpp"
#include "producers/protocols/media_of.hpp"
#include "producers/protocols/source_spec.hpp"

namespace freshet {
namespace {

// A request's parameters: `url`; `child`, where only the children of that page from this one on are
// wanted, because its manifests are done; `up`, for each page above it, `<child> <url>` of where to
// go on there, the nearest last. They are all that a resumed run needs.

/// What a reply is made into: `items`, `children` (addresses of collections), `next` (of the list's
/// next page), `oldest` (time of a page of changes).
json::object page_of(const json::value& body) {
  json::array items;
  json::array children;
  const auto take = [&](const json::value& member) {
    const std::string type = iiif_type(member);
    const std::string id = iiif_id(member);
    if (id.empty()) {
      return;
    }
    if (type == "Collection") {
      children.emplace_back(id);
    } else if (type == "Manifest" || type.empty()) {
      items.push_back(json::object{{"id", id}});
    }
  };
  const auto take_all = [&](const char* name, const char* type) {
    if (const json::array* list = value_at(body, name).if_array()) {
      for (const json::value& member : *list) {
        if (member.is_string()) {
          take(json::object{{"id", member}, {"type", type}});
        } else if (iiif_type(member).empty()) {
          take(json::object{{"id", iiif_id(member)}, {"type", type}});
        } else {
          take(member);
        }
      }
    }
  };
  take_all("/collections", "Collection");
  take_all("/manifests", "Manifest");
  take_all("/members", "Manifest");
  take_all("/items", "Manifest");
  json::object page{{"items", std::move(items)}, {"children", std::move(children)}};
  // A paged collection of Presentation 2 has its members on pages.
  for (const char* name : {"/next", "/first"}) {
    if (const std::string id = iiif_id(value_at(body, name)); !id.empty()) {
      page["next"] = id;
      break;
    }
  }
  return page;
}

std::size_t number_in(std::string_view digits) {
  std::size_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

/// A page of changes, newest first.
json::object changes_of(const json::value& body) {
  json::array items;
  if (const json::array* list = value_at(body, "/orderedItems").if_array()) {
    for (auto change = list->rbegin(); change != list->rend(); ++change) {
      const json::value& object = value_at(*change, "/object");
      if (!iiif_id(object).empty() && iiif_type(object) != "Collection") {
        items.push_back(json::object{{"id", iiif_id(object)},
                                     {"change", iiif_type(*change)},
                                     {"time", value_at(*change, "/endTime")}});
      }
    }
  }
  json::object page{{"items", std::move(items)}, {"children", json::array{}}};
  if (const std::string id = iiif_id(value_at(body, "/prev")); !id.empty()) {
    page["next"] = id;
  }
  return page;
}

class Iiif final : public Provider {
 public:
  explicit Iiif(IiifOptions options) : options_{std::move(options)} {
    spec_ =
        source_spec("--collection", options_.collection, "iiif", "IIIF",
                    options_.name.empty() ? name_of_source(options_.collection, "") : options_.name,
                    options_.delay);
    spec_.answer.list = "/items";
    spec_.schedule = "weekly";
  }

  const ProviderSpec& spec() const override { return spec_; }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    date_ = run.date;
    if (previous == nullptr) {
      return Params{{"url", options_.collection}};
    }
    const std::string url{param_at(previous->params, "url").value_or("")};
    const auto child = static_cast<std::size_t>(param_number(previous->params, "child", 0));
    std::vector<std::string> up;
    for (const auto& [name, value] : previous->params) {
      if (name == "up") {
        up.push_back(value);
      }
    }
    if (const json::array* children = value_at(previous->body, "/children").if_array();
        children != nullptr && child < children->size()) {
      up.push_back(std::to_string(child + 1) + " " + url);
      return at(std::string{children->at(child).as_string()}, 0, up);
    }
    if (const auto following = previous->at_or_null("/next"); following && !is_behind(*previous)) {
      return at(*following, 0, up);
    }
    if (up.empty()) {
      return std::nullopt;
    }
    const std::string above = up.back();
    up.pop_back();
    const std::size_t space = above.find(' ');
    return at(above.substr(space + 1), number_in(above.substr(0, space)), up);
  }

  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    const std::string url{param_at(params, "url").value_or("")};
    const bool is_return = param_at(params, "child").has_value();
    Reply reply{params, url, nullptr, {}};
    if (const auto known = above_.find(url); is_return && known != above_.end()) {
      reply.body = known->second;
      return reply;
    }
    auto page = read(fetch, url);
    if (!page) {
      return page.error();
    }
    if (!page->at("children").as_array().empty()) {
      json::object without_items = *page;
      without_items["items"] = json::array{};
      above_[url] = without_items;
      if (is_return) {
        *page = std::move(without_items);
      }
    }
    reply.body = std::move(*page);
    return reply;
  }

  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    const std::string id = iiif_id(item);
    const std::string change{text_at(item, "/change").value_or("")};
    const std::string time{text_at(item, "/time").value_or("")};
    // Newest first: what is said of it earlier is out of date.
    if (!seen_.insert(id).second) {
      return emit.drop(ProducerDrop::already_seen);
    }
    if (date_ && !change.empty() && !time.empty() && time.substr(0, 10) != *date_) {
      return emit.drop(ProducerDrop::still_there);
    }
    if (change == "Delete" || change == "Remove") {
      for (const auto& [media_type, provider] : spec_.providers) {
        emit.removed(Removal{media_type, json::value(id), "deleted by its source"});
      }
      return;
    }
    if (!change.empty() && change != "Create" && change != "Update" && change != "Add" &&
        change != "Move" && change != "Refresh") {
      return emit.drop(ProducerDrop::unsupported_media_type);
    }
    if (const json::value* whole = item.as_object().if_contains("manifest")) {
      return expand_iiif_manifest(*whole, options_.images, emit);
    }
    const auto manifest = fetch.get(id);
    if (!manifest) {
      return emit.no_detail(manifest.error());
    }
    expand_iiif_manifest(*manifest, options_.images, emit);
  }

 private:
  static Params at(const std::string& url, std::size_t child, const std::vector<std::string>& up) {
    Params params{{"url", url}};
    if (child > 0) {
      params.emplace_back("child", std::to_string(child));
    }
    for (const std::string& above : up) {
      params.emplace_back("up", above);
    }
    return params;
  }

  // Whether a page of changes ends with one before the day that is wanted.
  bool is_behind(const Reply& reply) const {
    const json::array* const items = value_at(reply.body, "/items").if_array();
    if (!date_ || items == nullptr || items->empty()) {
      return false;
    }
    const auto time = text_at(items->back(), "/time");
    return time && time->substr(0, 10) < *date_;
  }

  Result<json::object> read(Fetch& fetch, const std::string& url) {
    auto body = fetch.get(url);
    if (!body) {
      return body.error();
    }
    const std::string type = iiif_type(*body);
    if (type == "OrderedCollection") {
      const std::string last = iiif_id(value_at(*body, "/last"));
      return json::object{{"items", json::array{}},
                          {"children", json::array{}},
                          {"next", last.empty() ? json::value(nullptr) : json::value(last)}};
    }
    if (type == "OrderedCollectionPage") {
      return changes_of(*body);
    }
    if (type == "Manifest") {
      const std::string id = iiif_id(*body);
      return json::object{
          {"items", json::array{json::object{{"id", id}, {"manifest", std::move(*body)}}}},
          {"children", json::array{}}};
    }
    if (type == "Collection" || type == "Layer") {
      return page_of(*body);
    }
    return Error{Errc::malformed_payload, "", "answer",
                 url + " is no collection, manifest or list of changes"};
  }

  IiifOptions options_;
  ProviderSpec spec_;
  std::optional<std::string> date_;
  // Caches: losing them costs requests.
  std::unordered_map<std::string, json::value> above_;  ///< pages with children, without items
  std::set<std::string> seen_;
};

}  // namespace

std::unique_ptr<Provider> make_iiif(IiifOptions options) {
  return std::make_unique<Iiif>(std::move(options));
}

}  // namespace freshet
