#include <algorithm>
#include <set>

#include "core/time.hpp"
#include "producers/declared/declaration.hpp"

namespace freshet::declared {
namespace {

/// Runs a declaration: everything that differs between providers is in it.
class DeclaredProvider final : public Provider {
 public:
  explicit DeclaredProvider(std::shared_ptr<const Declaration> declaration)
      : shared_{std::move(declaration)} {}

  const ProviderSpec& spec() const override { return all_.spec; }

  Result<std::vector<Params>> fixed_sets(Run& /*run*/, Fetch& /*fetch*/) override {
    return all_.sets.empty() ? std::vector<Params>{{}} : all_.sets;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    return previous == nullptr ? std::optional{first(run)} : following(run, *previous);
  }

  // A parameter that stands in the endpoint's path, `…/{page}`, goes there and not into the query.
  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    Params query;
    std::string url = all_.spec.endpoint;
    for (const auto& [name, value] : params) {
      const std::string place = "{" + name + "}";
      if (url.find(place) == std::string::npos) {
        query.emplace_back(name, value);
      } else {
        url = replace_all(url, place, value);
      }
    }
    auto answer = fetch.get_with_headers(url, query, judge());
    if (!answer) {
      return answer.error();
    }
    http::Request asked;
    asked.url = url;
    asked.query = query;
    return Reply{params, http::full_url(asked), std::move(answer->first),
                 std::move(answer->second)};
  }

  void expand(const json::value& item, Fetch& fetch, Emit& emit) override {
    std::map<std::string, json::value> named;
    name_values({item, item, named, &fetch}, named);
    const Scope scope{item, item, named, &fetch};
    if (all_.once && !seen_.insert(to_json(all_.once->evaluate(scope))).second) {
      return emit.drop(ProducerDrop::already_seen);
    }
    if (const auto reason = unmet(all_.requirements, scope)) {
      return emit.drop(*reason);
    }
    if (all_.each.empty()) {
      return make(scope, emit);
    }
    const auto works = elements(value_at(item, all_.each));
    if (works.empty()) {
      return emit.drop(ProducerDrop::no_image);
    }
    for (const json::value& element : works) {
      name_values({item, element, named, &fetch}, named);
      const Scope within{item, element, named, &fetch};
      if (const auto reason = unmet(all_.element_requirements, within)) {
        emit.drop(*reason);
      } else {
        make(within, emit);
      }
    }
  }

 private:
  Params first(const Run& run) const {
    Params params = all_.parameters;
    const PagingRules& paging = all_.paging;
    if (paging.kind == PagingKind::page || paging.kind == PagingKind::offset) {
      set_param(params, paging.parameter, std::to_string(paging.first));
    }
    if (!paging.size_parameter.empty()) {
      set_param(params, paging.size_parameter, std::to_string(run.batch_limit));
    }
    if (run.date) {
      if (!all_.from_parameter.empty()) {
        set_param(params, all_.from_parameter, *run.date);
      }
      if (!all_.to_parameter.empty()) {
        set_param(params, all_.to_parameter,
                  format_date(*parse_date(*run.date) + std::chrono::hours{24}));
      }
    }
    return params;
  }

  std::optional<Params> following(const Run& run, const Reply& previous) const {
    const PagingRules& paging = all_.paging;
    switch (paging.kind) {
      case PagingKind::one_list:
        return std::nullopt;
      case PagingKind::cursor:
        return with_optional(previous.params, paging.parameter, previous.at_or_null(paging.next));
      case PagingKind::next_link: {
        const auto link = previous.at_or_null(paging.next);
        if (!link || link->find('?') == std::string::npos) {
          return std::nullopt;
        }
        const std::string query = link->substr(link->find('?') + 1);
        return http::decode_query(query.substr(0, query.find('#')));
      }
      case PagingKind::page:
      case PagingKind::offset:
        break;
    }
    const std::int64_t now = param_number(previous.params, paging.parameter, paging.first);
    const bool is_answered = !previous.body.is_null();
    if (is_answered && !paging.more.empty() && is_empty(value_at(previous.body, paging.more))) {
      return std::nullopt;
    }
    const auto last =
        paging.last_page.empty() ? std::nullopt : count_at(previous.body, paging.last_page);
    if (is_answered && !paging.last_page.empty() && (!last || now >= *last)) {
      return std::nullopt;
    }
    const std::int64_t step = paging.kind == PagingKind::page ? 1 : run.batch_limit;
    return with_param(previous.params, paging.parameter, std::to_string(now + step));
  }

  void name_values(const Scope& scope, std::map<std::string, json::value>& named) const {
    for (const auto& [name, rule] : all_.named) {
      named[name] = rule->evaluate(scope);
    }
  }

  static std::optional<ProducerDrop> unmet(const std::vector<Requirement>& requirements,
                                           const Scope& scope) {
    for (const Requirement& requirement : requirements) {
      const json::value value = requirement.value->evaluate(scope);
      const bool is_met = requirement.one_of.empty()
                              ? !is_empty(value)
                              : std::find(requirement.one_of.begin(), requirement.one_of.end(),
                                          value) != requirement.one_of.end();
      if (!is_met) {
        return requirement.drop;
      }
    }
    return std::nullopt;
  }

  void make(const Scope& scope, Emit& emit) const {
    json::object fields;
    for (const auto& [name, rule] : all_.fields) {
      fields[name] = rule->evaluate(scope);
    }
    json::object meta_data;
    for (const auto& [name, rule] : all_.meta_data) {
      if (json::value value = rule->evaluate(scope); !value.is_null()) {
        meta_data[name] = std::move(value);
      }
    }
    if (!meta_data.empty()) {
      fields["meta_data"] = std::move(meta_data);
    }
    emit.record(all_.media_type, std::move(fields));
  }

  const std::shared_ptr<const Declaration> shared_;
  const Declaration& all_ = *shared_;
  std::set<std::string> seen_;  // losing it repeats records, which changes nothing
};

}  // namespace

std::unique_ptr<Provider> make_declared_provider(Declaration declaration) {
  return make_declared_provider(std::make_shared<const Declaration>(std::move(declaration)));
}

std::unique_ptr<Provider> make_declared_provider(std::shared_ptr<const Declaration> declaration) {
  return std::make_unique<DeclaredProvider>(std::move(declaration));
}

}  // namespace freshet::declared
