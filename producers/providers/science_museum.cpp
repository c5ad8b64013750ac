#include "producers/providers/science_museum.hpp"

#include <algorithm>
#include <unordered_set>

#include "producers/provider.hpp"

namespace freshet {
namespace science_museum_rules {

std::optional<std::pair<std::string, std::string>> read_license(std::string_view text) {
  std::string lower = lower_case(text);
  if (lower.starts_with("cc ") || lower.starts_with("cc-")) {
    lower.erase(0, 3);
  }
  const auto space = lower.find(' ');
  if (space == std::string::npos || lower.find(' ', space + 1) != std::string::npos) {
    return std::nullopt;
  }
  return std::pair{lower.substr(0, space), lower.substr(space + 1)};
}

std::vector<std::pair<int, int>> year_ranges(int final_year) {
  std::vector<std::pair<int, int>> ranges{{0, 200}, {200, 1500}, {1500, 1750}};
  int from = 1750;
  while (from < final_year) {
    const int step = from < 1825 ? 25 : from < 1925 ? 10 : 5;
    const int to = std::min(from + step, final_year);
    ranges.emplace_back(from, to);
    from = to;
  }
  return ranges;
}

}  // namespace science_museum_rules

namespace {

/// The API answers no page beyond this number.
constexpr std::int64_t kLastPage = 50;

// The API was reshaped in 2023: members moved and got an `@`. A reply is read in the shape it has.
enum class Shape { before_2023, since_2023 };

Shape shape_of(const json::value& attributes) {
  for (const json::value& medium : elements(member(attributes, "multimedia"))) {
    if (medium.is_object() &&
        (medium.get_object().contains("@admin") || medium.get_object().contains("@processed"))) {
      return Shape::since_2023;
    }
  }
  return Shape::before_2023;
}

// First element of a list that is there: an empty list is a fault of the reply.
const json::value& first_of(const json::array& list) {
  if (list.empty()) {
    throw WrongShape{"a list without elements"};
  }
  return list.front();
}

// `[{"value": x}, …]` gives x; null where there is no list.
json::value first_value(const json::value& object, std::string_view name) {
  const json::array* list = member(object, name).if_array();
  return list == nullptr ? json::value(nullptr) : member(first_of(*list), "value");
}

json::value creator_of(const json::value& attributes, Shape shape) {
  const bool is_old = shape == Shape::before_2023;
  json::value maker;
  if (is_old) {
    const json::value& lifecycle = member(attributes, "lifecycle");
    if (lifecycle.is_null()) {
      return nullptr;
    }
    const json::array* creation = member(lifecycle, "creation").if_array();
    if (creation == nullptr) {
      return nullptr;
    }
    maker = member(first_of(*creation), "maker");
  } else {
    maker = member(object_or_empty(attributes, "creation"), "maker");
  }
  const json::array* makers = maker.if_array();
  if (makers == nullptr) {
    return nullptr;
  }
  const json::value& first = first_of(*makers);
  return is_old ? member(first, "summary_title")
                : member(object_or_empty(first, "summary"), "title");
}

json::object meta_data_of(const json::value& attributes, Shape shape) {
  const bool is_old = shape == Shape::before_2023;
  json::object meta_data;
  const auto add = [&](std::string_view name, const json::value& value) {
    if (!value.is_null()) {
      meta_data.emplace(name, value);
    }
  };
  add("accession number", first_value(attributes, "identifier"));
  add("name", first_value(attributes, "name"));
  add("category", first_value(attributes, is_old ? "categories" : "category"));
  add("description", first_value(attributes, "description"));
  if (const json::value& legal = member(attributes, "legal"); legal.is_object()) {
    add("creditline", member(legal, is_old ? "credit_line" : "credit"));
  }
  return meta_data;
}

json::value license_text_of(const json::value& medium, Shape shape) {
  const bool is_old = shape == Shape::before_2023;
  const json::value& holder = is_old ? object_or_empty(medium, "source") : medium;
  const json::value& rights = member(object_or_empty(holder, "legal"), "rights");
  if (is_empty(rights)) {
    return nullptr;
  }
  const json::array* list = rights.if_array();
  if (list == nullptr) {
    throw WrongShape{"'rights' is no list"};
  }
  return member(first_of(*list), is_old ? "usage_terms" : "licence");
}

json::value location_url(const json::value& image, Shape shape) {
  const json::value& location = member(image, "location");
  if (is_empty(location)) {
    return nullptr;
  }
  std::string text = required_text(location);
  if (text.starts_with("http")) {
    return json::value(text);
  }
  const std::string host = "https://coimages.sciencemuseumgroup.org.uk/";
  return json::value(host + (shape == Shape::before_2023 ? "images/" : "") + text);
}

json::value pixels(const json::value& image, std::string_view dimension) {
  for (const json::value& size :
       elements(member(object_or_empty(image, "measurements"), "dimensions"))) {
    if (text_at(size, "/dimension") == dimension && text_at(size, "/units") == "pixels") {
      return member(size, "value");
    }
  }
  return nullptr;
}

json::value filesize_of(const json::value& image) {
  const json::value& value = value_at(image, "/measurements/filesize/value");
  return is_empty(value) ? json::value(nullptr) : value;
}

/// Objects with openly licensed pictures, searched by ranges of years; a record per picture.
///
/// @source  Science Museum Group collection API, "/search", JSON:API form; both shapes seen, the
///          older one until 2023.
class ScienceMuseum final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "science_museum",
        .title = "Science Museum Group",
        .providers = {{MediaType::image, "sciencemuseum"}},
        .hosts = {"collection.sciencemuseumgroup.org.uk"},
        .endpoint = "https://collection.sciencemuseumgroup.org.uk/search/",
        .answer = {.list = "/data", .holds = {"/links"}},
        .schedule = "monthly",
        .delay = std::chrono::seconds{5},
        .headers = {{"accept", "application/json"}},
        .notes =
            "The API refuses pages beyond number 50, so the run asks by ranges of years. A range "
            "that has more is reported, and the run does not count as complete."};
    return kSpec;
  }

  Result<std::vector<Params>> fixed_sets(Run& run, Fetch& /*fetch*/) override {
    const int year = std::stoi(format_date(run.started_at).substr(0, 4));
    std::vector<Params> sets;
    for (const auto& [from, to] : science_museum_rules::year_ranges(year + 1)) {
      sets.push_back({{"date[from]", std::to_string(from)}, {"date[to]", std::to_string(to)}});
    }
    return sets;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous == nullptr) {
      return Params{{"has_image", "1"},
                    {"image_license", "CC"},
                    {"page[size]", std::to_string(run.batch_limit)},
                    {"page[number]", "0"}};
    }
    const bool has_failed = previous->body.is_null();
    if (!has_failed && value_at(previous->body, "/links/next").is_null()) {
      return std::nullopt;
    }
    const auto page = param_number(previous->params, "page[number]", 0);
    if (page >= kLastPage) {
      run.leave_out("more than 50 pages of objects from the years " +
                    std::string{param_at(previous->params, "date[from]").value_or("?")} + " to " +
                    std::string{param_at(previous->params, "date[to]").value_or("?")});
      return std::nullopt;
    }
    return with_param(previous->params, "page[number]", std::to_string(page + 1));
  }

  // A link that is not there may be left out or null; but then the others are.
  std::optional<std::string> fault_of(const json::value& body) const override {
    if (auto fault = Provider::fault_of(body)) {
      return fault;
    }
    if (!is_empty(value_at(body, "/errors"))) {
      return "it has 'errors'";
    }
    return is_empty(value_at(body, "/links")) ? std::optional<std::string>{"'links' names none"}
                                              : std::nullopt;
  }

  // Told by the reply that ends a range.
  std::optional<std::int64_t> announced(const Reply& reply) const override {
    if (!value_at(reply.body, "/links/next").is_null()) {
      return std::nullopt;
    }
    const auto all = count_at(reply.body, "/meta/count/type/all");
    return all ? all : count_at(reply.body, "/meta/count");
  }

  void expand(const json::value& item, Fetch& /*fetch*/, Emit& emit) override {
    if (const auto id = scalar_at(item, "id"); id && seen_.contains(*id)) {
      return emit.drop(ProducerDrop::already_seen);
    }
    const json::value& landing_url = member(object_or_empty(item, "links"), "self");
    const json::value& attributes = member(item, "attributes");
    if (is_empty(landing_url)) {
      return emit.drop(ProducerDrop::missing_foreign_landing_url);
    }
    if (is_empty(attributes) || is_empty(member(attributes, "multimedia"))) {
      return emit.drop(ProducerDrop::no_image);
    }
    const Shape shape = shape_of(attributes);
    const json::value title = shape == Shape::before_2023 ? member(attributes, "summary_title")
                                                          : first_value(attributes, "title");
    const json::value creator = creator_of(attributes, shape);
    const json::object meta_data = meta_data_of(attributes, shape);
    for (const json::value& medium : elements(member(attributes, "multimedia"))) {
      add_image(medium, shape, landing_url, title, creator, meta_data, emit);
    }
    if (const auto id = scalar_at(item, "id")) {
      seen_.insert(*id);
    }
  }

 private:
  static void add_image(const json::value& medium, Shape shape, const json::value& landing_url,
                        const json::value& title, const json::value& creator,
                        const json::object& meta_data, Emit& emit) {
    const bool is_old = shape == Shape::before_2023;
    const json::value& uid = member(object_or_empty(medium, is_old ? "admin" : "@admin"), "uid");
    const json::value& processed = object_or_empty(medium, is_old ? "processed" : "@processed");
    const json::value& large = member(processed, "large");
    const json::value& image = large.is_null() ? member(processed, "medium") : large;
    if (!image.is_object()) {
      return emit.drop(ProducerDrop::no_image);
    }
    json::object fields{{"foreign_identifier", uid},
                        {"foreign_landing_url", landing_url},
                        {"url", location_url(image, shape)},
                        {"filetype", member(image, "format")},
                        {"creator", creator},
                        {"title", title},
                        {"meta_data", meta_data},
                        {"width", pixels(image, "width")},
                        {"height", pixels(image, "height")}};
    if (!is_old) {
      fields["filesize"] = filesize_of(image);
    }
    const json::value license_text = license_text_of(medium, shape);
    if (const json::string* text = license_text.if_string()) {
      if (const auto license = science_museum_rules::read_license(*text)) {
        fields["license"] = license->first;
        fields["license_version"] = license->second;
      }
    }
    emit.record(MediaType::image, std::move(fields));
  }

  std::unordered_set<std::string> seen_;  // an object of two ranges is listed in both
};

}  // namespace

std::unique_ptr<Provider> science_museum() { return std::make_unique<ScienceMuseum>(); }

}  // namespace freshet
