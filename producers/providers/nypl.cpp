#include "producers/providers/nypl.hpp"

#include <algorithm>
#include <array>

#include "producers/provider.hpp"
#include "producers/values.hpp"

namespace freshet {
namespace nypl_rules {

std::optional<std::string> filetype_of(std::string_view description) {
  const std::size_t jpeg = description.find(" .jpeg ");
  const std::size_t gif = description.find(" .gif ");
  if (jpeg == std::string_view::npos && gif == std::string_view::npos) {
    return std::nullopt;
  }
  return jpeg < gif ? "jpeg" : "gif";
}

}  // namespace nypl_rules

namespace {

constexpr const char* kItems = "https://api.repo.nypl.org/api/v2/items/";

/// Renderings by the `t` of their link, the best first.
constexpr std::array<std::string_view, 5> kRenderings{"g", "v", "q", "w", "r"};

const json::value kNothing;

// The API is XML turned into JSON: what occurs once is an object, what occurs often is a list.
std::span<const json::value> one_or_many(const json::value& value) {
  return value.is_array() || is_empty(value) ? elements(value) : std::span{&value, 1};
}

// Follows names downward. Where there is a list, its first element that has the name is meant.
const json::value& along(const json::value& root, std::initializer_list<std::string_view> names) {
  const json::value* at = &root;
  for (const std::string_view name : names) {
    const auto candidates = one_or_many(*at);
    const auto found = std::find_if(
        candidates.begin(), candidates.end(),
        [&](const json::value& one) { return one.is_object() && one.get_object().contains(name); });
    at = found == candidates.end() ? &kNothing : &member(*found, name);
  }
  return *at;
}

// The text of the element that a member says is meant: `usage` = `primary`.
const json::value& text_of_one(const json::value& list, std::string_view name,
                               std::string_view value) {
  for (const json::value& one : elements(list)) {
    if (const json::string* its_value = member(one, name).if_string();
        its_value != nullptr && *its_value == value) {
      return member(one, "$");
    }
  }
  return kNothing;
}

json::value title_of(const json::value& mods) {
  const auto titles = one_or_many(member(mods, "titleInfo"));
  return titles.empty() ? json::value("") : member(object_or_empty(titles.front(), "title"), "$");
}

json::value creator_of(const json::value& mods) {
  for (const json::value& name : one_or_many(member(mods, "name"))) {
    if (member(name, "usage") == "primary") {
      return member(object_or_empty(name, "namePart"), "$");
    }
  }
  return nullptr;
}

json::value date_created_of(const json::value& mods) {
  const json::value& date = along(mods, {"originInfo", "dateCreated"});
  if (!date.is_array()) {
    return along(date, {"$"});
  }
  const json::value& start = text_of_one(date, "point", "start");
  const json::value& end = text_of_one(date, "point", "end");
  return is_empty(start) || is_empty(end)
             ? start
             : json::value(required_text(start) + "-" + required_text(end));
}

json::value type_of_resource(const json::value& mods) {
  const json::value& type = member(mods, "typeOfResource");
  return type.is_array() ? text_of_one(type, "usage", "primary") : along(type, {"$"});
}

json::object meta_data_of(const json::value& mods) {
  json::object meta_data;
  const auto add = [&](std::string_view name, const json::value& value) {
    if (!is_empty(value)) {
      meta_data.emplace(name, value);
    }
  };
  add("type_of_resource", type_of_resource(mods));
  add("genre", along(mods, {"genre", "$"}));
  add("date_issued", along(mods, {"originInfo", "dateIssued", "$"}));
  add("date_created", date_created_of(mods));
  add("publisher", along(mods, {"originInfo", "publisher", "$"}));
  add("physical_description", along(mods, {"physicalDescription", "note", "$"}));
  return meta_data;
}

json::array tags_of(const json::value& mods) {
  json::array tags;
  for (const json::value& subject : one_or_many(member(mods, "subject"))) {
    if (!subject.is_object() || !subject.get_object().contains("topic")) {
      continue;
    }
    const json::value& topics = member(subject, "topic");
    if (topics.is_null()) {
      throw WrongShape{"'topic' is null"};
    }
    for (const json::value& topic : one_or_many(topics)) {
      tags.push_back(member(topic, "$"));
    }
  }
  return tags;
}

struct Rendering {
  json::value url;
  json::value filetype;
};

// Value of `t` in a link: `…/index.php?id=1&t=g&download=1`.
std::string kind_of(const std::string& url) {
  const auto query_at = url.find('?');
  const http::Query query = query_at == std::string::npos
                                ? http::Query{}
                                : http::decode_query(std::string_view{url}.substr(query_at + 1));
  return std::string{param_at(query, "t").value_or("")};
}

Rendering best_rendering(const json::value& capture) {
  const json::value* best = nullptr;
  auto best_rank = kRenderings.end();
  for (const json::value& link :
       one_or_many(member(object_or_empty(capture, "imageLinks"), "imageLink"))) {
    const auto rank = std::find(kRenderings.begin(), kRenderings.end(),
                                kind_of(required_text(member(link, "$"))));
    if (rank < best_rank) {
      best = &link;
      best_rank = rank;
    }
  }
  if (best == nullptr) {
    return {};
  }
  const auto filetype = nypl_rules::filetype_of(text_at(*best, "/description").value_or(""));
  return {json::value(replace_all(required_text(member(*best, "$")), "&download=1", "")),
          filetype ? json::value(*filetype) : json::value(nullptr)};
}

/// Items that the library calls free of restrictions; each takes a detail request and is a record
/// per capture.
///
/// @source  NYPL Digital Collections API, "/items/search" and "/items/item_details"; seen 2023-04.
class Nypl final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "nypl",
        .title = "New York Public Library",
        .providers = {{MediaType::image, "nypl"}},
        .hosts = {"api.repo.nypl.org"},
        .endpoint = std::string{kItems} + "search/",
        .answer = {.list = "/nyplAPI/response/result",
                   .status = "/nyplAPI/response/headers/status",
                   .success = "success"},
        .paging = Paging::counted,
        .schedule = "monthly",
        .delay = std::chrono::seconds{5},
        .credential = Credential{.original_name = "API_KEY_NYPL",
                                 .place = Credential::Place::header,
                                 .name = "Authorization",
                                 .prefix = "Token token="},
        .batch_limit = 500,
        .notes = "One detail request per item of the search, five seconds apart."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto page = param_number(previous->params, "page", 1) + 1;
      return with_param(previous->params, "page", std::to_string(page));
    }
    return Params{{"q", "CC_0"},
                  {"field", "use_rtxt_s"},
                  {"page", "1"},
                  {"per_page", std::to_string(run.batch_limit)}};
  }

  // Behind the last page there is no list at all.
  std::optional<std::string> fault_of(const json::value& body) const override {
    const auto page = count_at(body, "/nyplAPI/request/page");
    const auto pages = count_at(body, "/nyplAPI/request/totalPages");
    const bool is_behind = page && pages && *page > *pages;
    if (is_behind && value_at(body, *spec().answer.list).is_null()) {
      Answer answer = spec().answer;
      answer.list.reset();
      answer.holds = {answer.status};
      return freshet::fault_of(body, answer);
    }
    return Provider::fault_of(body);
  }

  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return items(reply).empty() ? count_at(reply.body, "/nyplAPI/response/numResults")
                                : std::nullopt;
  }

  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    const auto uuid = scalar_at(item, "uuid");
    if (!uuid) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    static const Judge kIsDetail = must_hold({.status = "/nyplAPI/response/headers/status",
                                              .success = "success",
                                              .holds = {"/nyplAPI/response"}});
    const auto detail = fetch.get(std::string{kItems} + "item_details/" + *uuid, {}, kIsDetail);
    if (!detail) {
      return emit.no_detail(detail.error());
    }
    const json::value& response = value_at(*detail, "/nyplAPI/response");
    const json::value& mods = object_or_empty(response, "mods");
    const auto captures =
        one_or_many(member(object_or_empty(response, "sibling_captures"), "capture"));
    if (captures.empty()) {
      return emit.drop(ProducerDrop::no_image);
    }
    json::object of_the_item{{"creator", creator_of(mods)},
                             {"title", title_of(mods)},
                             {"meta_data", meta_data_of(mods)},
                             {"tags", tags_of(mods)}};
    if (along(mods, {"genre", "$"}) == "Photographs") {
      of_the_item["category"] = "photograph";
    }
    for (const json::value& capture : captures) {
      add_capture(capture, of_the_item, emit);
    }
  }

 private:
  static void add_capture(const json::value& capture, json::object fields, Emit& emit) {
    const Rendering rendering = best_rendering(capture);
    fields["foreign_identifier"] = member(object_or_empty(capture, "imageID"), "$");
    fields["foreign_landing_url"] = member(object_or_empty(capture, "itemLink"), "$");
    fields["url"] = rendering.url;
    fields["filetype"] = rendering.filetype;
    fields["license_url"] = member(object_or_empty(capture, "rightsStatementURI"), "$");
    emit.record(MediaType::image, std::move(fields));
  }
};

}  // namespace

std::unique_ptr<Provider> nypl() { return std::make_unique<Nypl>(); }

}  // namespace freshet
