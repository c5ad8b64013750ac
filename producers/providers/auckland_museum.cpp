#include "core/http/url.hpp"
#include "producers/lists.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace {

/// The API answers no further than this many hits of one search.
constexpr std::int64_t kWindow = 10'000;

// The range of changes goes into the body. It stands among the parameters, so that a run can be
// resumed from them alone.
constexpr const char* kChangedFrom = "changed_from";
constexpr const char* kChangedTo = "changed_to";

std::string param_text(const Params& params, std::string_view name) {
  return std::string{param_at(params, name).value_or("")};
}

json::value search_body(const Params& params) {
  const json::value is_ours{{"wildcard", {{"copyright", {{"value", "Auckland"}}}}}};
  const json::value has_picture{{"exists", {{"field", "primaryRepresentation"}}}};
  const json::value is_changed{
      {"range",
       {{"lastModifiedOn",
         {{"from", param_text(params, kChangedFrom)}, {"to", param_text(params, kChangedTo)}}}}}};
  return {{"query", {{"bool", {{"must", json::array{is_ours, has_picture, is_changed}}}}}}};
}

// `2026-11-20T00:00:00`, as the index writes times.
std::string local_time(UtcTime time) { return format_millis(time).substr(0, 19); }

// `…/id/naturalsciences/object/691102` is `691102`.
std::string number_of(const std::string& id) { return id.substr(id.rfind('/') + 1); }

// The same id is the page `am_naturalsciences-object-691102`.
std::string landing_url(const std::string& id) {
  const auto at = id.rfind("id/");
  return "https://www.aucklandmuseum.com/collections-research/collections/record/am_" +
         replace_all(at == std::string::npos ? id : id.substr(at + 3), "/", "-");
}

json::object meta_data_of(const json::value& source) {
  json::object meta_data = known_members(source, {{"type", "type"}});
  add_known(meta_data, "geopos", first_element(member(source, "geopos"), ""));
  add_known(meta_data, "department", first_element(member(source, "department")));
  return meta_data;
}

/// Objects that changed on a day, searched with a query of Elasticsearch; all are CC BY.
///
/// @source Auckland Museum Collections API, "_search"; 10 requests a second, 1,000 a day.
class AucklandMuseum final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "auckland_museum",
        .title = "Auckland War Memorial Museum",
        .providers = {{MediaType::image, "aucklandmuseum_tamakipaengahira"}},
        .hosts = {"api.aucklandmuseum.com"},
        .endpoint = "https://api.aucklandmuseum.com/search/collectionsonline/_search",
        .answer = {.list = "/hits/hits", .holds = {"/hits/total"}},
        .paging = Paging::counted,
        .schedule = "daily",
        .dated = Dated::yes,
        .takes_slice = true,
        .delay = std::chrono::seconds{4},
        .fixed_values = {{"license_url", "https://creativecommons.org/licenses/by/4.0/"}},
        .batch_limit = 2'000,
        .notes =
            "A search answers no more than 10,000 hits. A day with more changes is reported; "
            "`--slice` reads it in parts. The number of an object is its identifier, whatever kind "
            "of object it is, as in the batch original."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous == nullptr) {
      const UtcTime day = *parse_date(*run.date);
      const auto [from, to] = run.slice.value_or(std::pair{day, day + std::chrono::hours{24}});
      return Params{{"size", std::to_string(run.batch_limit)},
                    {"from", "0"},
                    {kChangedFrom, local_time(from)},
                    {kChangedTo, local_time(to)}};
    }
    const auto start = param_number(previous->params, "from", 0) + run.batch_limit;
    if (start < kWindow) {
      return with_param(previous->params, "from", std::to_string(start));
    }
    if (hits_of(previous->body).value_or(kWindow + 1) > kWindow && !previous->body.is_null()) {
      run.leave_out("more than 10,000 objects changed since " +
                    param_text(previous->params, kChangedFrom) + "; --slice reads them in parts");
    }
    return std::nullopt;
  }

  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    http::Request request;
    request.url = spec().endpoint;
    request.query = params;
    std::erase_if(request.query, [](const auto& pair) {
      return pair.first == kChangedFrom || pair.first == kChangedTo;
    });
    std::string url = http::full_url(request);
    auto body = fetch.post(url, search_body(params), judge());
    if (!body) {
      return body.error();
    }
    return Reply{params, std::move(url), std::move(*body), {}};
  }

  // A search that timed out, or of which a part failed, answers with what it has.
  std::optional<std::string> fault_of(const json::value& body) const override {
    if (auto fault = Provider::fault_of(body)) {
      return fault;
    }
    if (!is_empty(value_at(body, "/timed_out"))) {
      return "the search timed out";
    }
    return is_empty(value_at(body, "/_shards/failed"))
               ? std::nullopt
               : std::optional<std::string>{"a part of the search failed"};
  }

  std::optional<std::int64_t> announced(const Reply& reply) const override {
    return hits_of(reply.body);
  }

  void expand(const json::value& hit, Fetch& /*fetch*/, Emit& emit) override {
    const json::value& id = member(hit, "_id");
    const json::value& source = object_or_empty(hit, "_source");
    if (is_empty(id)) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    const std::string name = required_text(id);
    const json::value& titles = member(object_or_empty(source, "appellation"), "Primary Title");
    emit.record(MediaType::image, {{"foreign_identifier", number_of(name)},
                                   {"foreign_landing_url", landing_url(name)},
                                   {"url", member(source, "primaryRepresentation")},
                                   {"creator", first_element(member(source, "dc_contributor"))},
                                   {"title", first_element(titles)},
                                   {"meta_data", meta_data_of(source)}});
  }

 private:
  // A number until version 6 of Elasticsearch. Nothing: it stopped counting.
  static std::optional<std::int64_t> hits_of(const json::value& body) {
    if (const auto total = count_at(body, "/hits/total")) {
      return total;
    }
    return text_at(body, "/hits/total/relation").value_or("eq") == "eq"
               ? count_at(body, "/hits/total/value")
               : std::nullopt;
  }
};

}  // namespace

std::unique_ptr<Provider> auckland_museum() { return std::make_unique<AucklandMuseum>(); }

}  // namespace freshet
