#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/postgres/connection.hpp"
#include "operate/decide.hpp"

namespace freshet {
namespace {

constexpr std::array kMediaTypes{MediaType::image, MediaType::audio};
constexpr std::chrono::seconds kLookupLimit{30};

class PostgresLookup final : public WorkLookup {
 public:
  /// @error StartupError: it does not answer.
  explicit PostgresLookup(const std::string& dsn)
      : connection_{{.dsn = dsn, .application = "freshet decide"}} {
    ask([](pqxx::connection_base&) { return true; });  // connects
  }

  std::optional<std::string> by_uuid(const std::string& uuid) override {
    return ask([&](pqxx::connection_base& open) { return find_uuid(open, uuid); });
  }

  bool has(const WorkKeyView& key) override {
    return ask([&](pqxx::connection_base& open) {
      pqxx::nontransaction work{open};
      return !work.exec_params(fmt::format("SELECT FROM {} WHERE provider = $1 AND "
                                           "md5(foreign_identifier) = md5($2) LIMIT 1",
                                           to_string(key.media_type)),
                               std::string{key.provider}, std::string{key.foreign_identifier})
                  .empty();
    });
  }

 private:
  /// @error StartupError
  template <class Question>
  std::invoke_result_t<Question&, pqxx::connection_base&> ask(Question question) {
    auto answer = connection_.run(Deadline::in(kLookupLimit), {}, question);
    if (!answer) {
      throw StartupError{answer.error().message()};
    }
    return std::move(*answer);
  }

  static std::optional<std::string> find_uuid(pqxx::connection_base& open,
                                              const std::string& uuid) {
    pqxx::nontransaction work{open};
    for (const char* condition :
         {"identifier = $1::uuid", "former_identifiers @> array[$1::uuid]"}) {
      for (const MediaType media_type : kMediaTypes) {
        const auto rows = work.exec_params(
            fmt::format("SELECT provider, foreign_identifier FROM {} WHERE {} LIMIT 1",
                        to_string(media_type), condition),
            uuid);
        if (!rows.empty()) {
          return make_work_key(media_type, rows[0][0].c_str(), rows[0][1].c_str());
        }
      }
    }
    return std::nullopt;
  }

  postgres::Connection connection_;
};

NamedWork find_by_provider(const std::string& provider, const std::string& id,
                           std::optional<MediaType> media_type, WorkLookup& lookup) {
  std::vector<std::string> found;
  for (const MediaType each : kMediaTypes) {
    const std::string key = make_work_key(each, provider, id);
    const auto parsed = parse_work_key(key);
    if (!parsed || parsed->provider != provider) {
      throw StartupError{fmt::format("not a provider and an identifier: {} {}", provider, id)};
    }
    if ((!media_type || *media_type == each) && lookup.has(*parsed)) {
      found.push_back(key);
    }
  }
  if (found.size() > 1) {
    throw StartupError{"both media types have " + provider + " " + id + ": say --media"};
  }
  if (found.empty()) {
    throw WorkFailed{"no work of provider " + provider + " has the identifier " + id +
                     "; for one that was never seen give its key, such as image:" + provider + ":" +
                     id};
  }
  return {found.front(), true};
}

}  // namespace

std::unique_ptr<WorkLookup> open_work_lookup(const std::string& dsn) {
  return std::make_unique<PostgresLookup>(dsn);
}

std::vector<NamedWork> find_works(const WorkNames& names,
                                  const std::function<std::unique_ptr<WorkLookup>()>& open) {
  const auto is_key = [](const std::string& word) { return parse_work_key(word).has_value(); };
  const bool are_names =
      std::ranges::all_of(names.words, [&](const auto& w) { return is_uuid(w) || is_key(w); });
  if (!are_names &&
      (names.words.size() != 2 || is_uuid(names.words[0]) || is_key(names.words[0]))) {
    throw StartupError{
        "a work is a UUID, a key such as image:met:437133, or a provider and its identifier"};
  }
  std::unique_ptr<WorkLookup> lookup;
  std::string fault;
  try {
    lookup = open();
  } catch (const StartupError& error) {
    fault = error.what();
  }
  const bool needs_lookup = !are_names || std::ranges::any_of(names.words, is_uuid);
  if (!lookup && needs_lookup) {
    throw StartupError{fault + "; a full key, such as image:met:437133, needs no database"};
  }
  if (!are_names) {
    return {find_by_provider(names.words[0], names.words[1], names.media_type, *lookup)};
  }
  std::vector<NamedWork> works;
  for (const std::string& word : names.words) {
    if (is_key(word)) {
      works.push_back({word, !lookup || lookup->has(*parse_work_key(word))});
    } else if (const auto key = lookup->by_uuid(word)) {
      works.push_back({*key, true});
    } else {
      throw WorkFailed{"no work has the identifier " + word};
    }
  }
  const auto by_key = [](const NamedWork& work) { return work.key; };
  std::ranges::sort(works, {}, by_key);
  const auto repeats = std::ranges::unique(works, {}, by_key);
  works.erase(repeats.begin(), repeats.end());
  return works;
}

Decision decide_next(std::string work_key, DecisionKind kind, std::optional<Decision> before,
                     DecisionEntry entry) {
  Decision next{std::move(work_key), kind, {}};
  if (before) {
    next.history = std::move(before->history);
    entry.at = std::max(entry.at, UtcTime::from_millis(next.history.back().at.millis() + 1));
  }
  next.history.push_back(std::move(entry));
  if (next.history.size() > kMostDecisionHistory) {
    next.history.erase(next.history.begin());
  }
  return next;
}

}  // namespace freshet
