#include "operate/rebuild_gate.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/record/status.hpp"

namespace freshet {
namespace {

constexpr int kMostSources = 10'000;
constexpr std::size_t kMostSentences = 20;

std::vector<std::string> shortened(std::vector<std::string> sentences, const char* what) {
  if (sentences.size() > kMostSentences) {
    const std::size_t more = sentences.size() - kMostSentences;
    sentences.resize(kMostSentences);
    sentences.push_back(fmt::format("and {} further {} of the sample", more, what));
  }
  return sentences;
}

json::object live_only(const json::value& query) {
  return {
      {"bool", json::object{
                   {"must", json::array{query}},
                   {"filter", json::array{json::object{
                                  {"term", json::object{{"status", to_string(Status::live)}}}}}}}}};
}

std::optional<double> number_at(const json::value& root, const char* pointer) {
  const json::value& value = value_at(root, pointer);
  return value.is_number() ? std::optional{value.to_number<double>()} : std::nullopt;
}

Error fault(const std::string& name, const char* rule, const std::string& why) {
  return {Errc::invalid_value, "queries", rule, "query " + name + ": " + why};
}

Result<GateQuery> parse_query(const json::value& value) {
  GateQuery query;
  query.name = text_at(value, "/name").value_or("");
  if (query.name.empty()) {
    return Error{Errc::missing_field, "queries", "name", "a query without a name"};
  }
  if (!value_at(value, "/query").is_object()) {
    return fault(query.name, "query", "no object `query`");
  }
  query.query = value_at(value, "/query");
  if (const json::value& media = value_at(value, "/media"); media.is_array()) {
    for (const json::value& one : media.as_array()) {
      if (one != "image" && one != "audio") {
        return fault(query.name, "media", "media are image and audio");
      }
      query.media.emplace_back(one.as_string());
    }
  } else if (!media.is_null()) {
    return fault(query.name, "media", "media is no list");
  }
  for (const auto& [name, member] : value.as_object()) {
    const bool is_count = name == "least" || name == "most";
    const bool is_share = name == "least_of_live" || name == "most_of_live";
    if (!is_count && !is_share) {
      if (name != "name" && name != "query" && name != "media") {
        return fault(query.name, "member", "no member " + std::string{name} + " is known");
      }
    } else if (!member.is_number() || member.to_number<double>() < 0) {
      return fault(query.name, "number", std::string{name} + " is no number from 0 on");
    }
  }
  const auto whole = [&](const char* pointer) -> std::optional<std::int64_t> {
    const auto number = number_at(value, pointer);
    return number ? std::optional{std::llround(*number)} : std::nullopt;
  };
  query.least = whole("/least");
  query.most = whole("/most");
  query.least_of_live = number_at(value, "/least_of_live");
  query.most_of_live = number_at(value, "/most_of_live");
  return query;
}

/// Members of a document that both indexes know, as one text whose order is that of the names.
std::string digest(const json::value& source, const std::vector<std::string>& fields) {
  std::string text;
  for (const std::string& field : fields) {
    if (const json::value* member = source.as_object().if_contains(field)) {
      text += field + "=" + to_json(*member) + "\n";
    }
  }
  return to_hex(xxh3(text));
}

}  // namespace

bool GateQuery::is_of(std::string_view media_type) const {
  return media.empty() || std::ranges::find(media, media_type) != media.end();
}

Result<std::vector<GateQuery>> parse_gate(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed) {
    return parsed.error();
  }
  const json::value& list = value_at(*parsed, "/queries");
  if (!list.is_array()) {
    return Error{Errc::missing_field, "queries", "list", "no list `queries`"};
  }
  std::vector<GateQuery> queries;
  for (const json::value& one : list.as_array()) {
    auto query = one.is_object() ? parse_query(one)
                                 : Result<GateQuery>{Error{Errc::invalid_value, "queries", "object",
                                                           "a query is no object"}};
    if (!query) {
      return query.error();
    }
    queries.push_back(std::move(*query));
  }
  return queries;
}

std::optional<std::string> judge_hits(const GateQuery& query, std::int64_t hits,
                                      std::int64_t live_hits, std::int64_t in_flight) {
  const auto live = static_cast<double>(live_hits);
  double least = query.least ? static_cast<double>(*query.least) : 0;
  double most = query.most ? static_cast<double>(*query.most) : INFINITY;
  if (query.least_of_live) {
    least =
        std::max(least, std::floor(*query.least_of_live * live) - static_cast<double>(in_flight));
  }
  if (query.most_of_live) {
    most = std::min(most, std::ceil(*query.most_of_live * live) + static_cast<double>(in_flight));
  }
  const auto found = static_cast<double>(hits);
  if (found >= least && found <= most) {
    return std::nullopt;
  }
  return fmt::format("query \"{}\": {} hits, {} in the index in use; {} {:.0f} are expected",
                     query.name, hits, live_hits, found < least ? "at least" : "at most",
                     found < least ? least : most);
}

std::vector<std::string> compare_counts(const std::map<std::string, std::int64_t>& found,
                                        const std::map<std::string, std::int64_t>& live,
                                        std::int64_t in_flight) {
  std::set<std::string> sources;
  for (const auto* counts : {&found, &live}) {
    for (const auto& [source, count] : *counts) {
      sources.insert(source);
    }
  }
  const auto count_of = [](const std::map<std::string, std::int64_t>& counts,
                           const std::string& source) {
    const auto one = counts.find(source);
    return one == counts.end() ? std::int64_t{0} : one->second;
  };
  std::vector<std::string> sentences;
  for (const std::string& source : sources) {
    const std::int64_t made = count_of(found, source);
    const std::int64_t used = count_of(live, source);
    if (std::abs(made - used) > in_flight) {
      sentences.push_back(fmt::format("source {}: {} live works, {} in use, {} in flight",
                                      source.empty() ? "(none)" : source, made, used, in_flight));
    }
  }
  return sentences;
}

std::vector<std::string> compare_rows(const std::vector<RebuildTables::Drawn>& sample,
                                      std::int64_t in_flight) {
  std::vector<std::string> sentences;
  std::int64_t differing = 0;
  for (const RebuildTables::Drawn& one : sample) {
    std::string sentence;
    if (!one.live_revision) {
      sentence = fmt::format("row {} is not in the table in use", one.identifier);
    } else if (!one.made_revision) {
      sentence = fmt::format("row {} is not in the new table", one.identifier);
    } else if (*one.live_revision != *one.made_revision) {
      sentence = fmt::format("row {} has revision {}, {} in use", one.identifier,
                             *one.made_revision, *one.live_revision);
    } else if (!one.is_same) {
      // The same revision with other content is never in flight.
      sentences.push_back(
          fmt::format("row {} has other content under the same revision", one.identifier));
    }
    if (!sentence.empty() && ++differing > in_flight) {
      sentences.push_back(std::move(sentence));
    }
  }
  return shortened(std::move(sentences), "rows");
}

std::vector<std::string> IndexGate::check(std::string_view media_type, const std::string& live,
                                          const std::string& made,
                                          const std::function<std::int64_t()>& in_flight) {
  cluster_.post("/" + live + "/_refresh", nullptr);
  cluster_.post("/" + made + "/_refresh", nullptr);
  const auto live_counts = count(live);
  const auto made_counts = count(made);
  const std::int64_t slack = in_flight();
  std::vector<std::string> sentences = compare_counts(made_counts, live_counts, slack);
  const auto add = [&](const std::vector<std::string>& more) {
    sentences.insert(sentences.end(), more.begin(), more.end());
  };
  add(compare_sample(live, made, slack));
  for (const GateQuery& query : options_.queries) {
    if (!query.is_of(media_type)) {
      continue;
    }
    const bool needs_live = query.least_of_live || query.most_of_live;
    const std::int64_t live_hits = needs_live ? hits(live, query.query) : 0;
    const std::int64_t made_hits = hits(made, query.query);
    if (auto sentence = judge_hits(query, made_hits, live_hits, in_flight())) {
      sentences.push_back(std::move(*sentence));
    }
  }
  for (std::string& sentence : sentences) {
    sentence = std::string{media_type} + ": " + sentence;
  }
  return sentences;
}

std::map<std::string, std::int64_t> IndexGate::count(const std::string& index) {
  const json::value reply = cluster_.post(
      "/" + index + "/_search",
      json::object{
          {"size", 0},
          {"query", live_only(json::object{{"match_all", json::object{}}})},
          {"aggs", json::object{{"sources",
                                 json::object{{"terms", json::object{{"field", "source"},
                                                                     {"missing", ""},
                                                                     {"size", kMostSources}}}}}}}});
  std::map<std::string, std::int64_t> counts;
  const json::value& buckets = value_at(reply, "/aggregations/sources/buckets");
  if (!buckets.is_array()) {
    throw WorkFailed{"Elasticsearch: a search reply without buckets"};
  }
  for (const json::value& bucket : buckets.as_array()) {
    counts[std::string{text_at(bucket, "/key").value_or("")}] =
        value_at(bucket, "/doc_count").to_number<std::int64_t>();
  }
  return counts;
}

std::int64_t IndexGate::hits(const std::string& index, const json::value& query) {
  const json::value reply = cluster_.post(
      "/" + index + "/_search",
      json::object{{"size", 0}, {"track_total_hits", true}, {"query", live_only(query)}});
  const json::value& total = value_at(reply, "/hits/total/value");
  if (!total.is_int64()) {
    throw WorkFailed{"Elasticsearch: a search reply without hits.total.value"};
  }
  return total.as_int64();
}

std::vector<std::string> IndexGate::common_fields(const std::string& live,
                                                  const std::string& made) {
  const auto fields_of = [&](const std::string& index) {
    std::set<std::string> names;
    const auto reply = cluster_.get("/" + index + "/_mapping");
    if (reply) {
      const json::value& properties =
          value_at(reply->as_object().begin()->value(), "/mappings/properties");
      if (properties.is_object()) {
        for (const auto& [name, unused] : properties.as_object()) {
          names.emplace(name);
        }
      }
    }
    return names;
  };
  const auto of_live = fields_of(live);
  const auto of_made = fields_of(made);
  std::vector<std::string> common;
  std::ranges::set_intersection(of_live, of_made, std::back_inserter(common));
  return common;
}

std::vector<std::string> IndexGate::compare_sample(const std::string& live, const std::string& made,
                                                   std::int64_t in_flight) {
  const auto fields = common_fields(live, made);
  const json::value drawn = cluster_.post(
      "/" + made + "/_search",
      json::object{
          {"size", options_.sample},
          {"version", true},
          {"track_total_hits", false},
          {"query", json::object{{"function_score", json::object{{"random_score", json::object{}},
                                                                 {"boost_mode", "replace"}}}}}});
  const json::value& documents = value_at(drawn, "/hits/hits");
  if (!documents.is_array() || documents.as_array().empty()) {
    return {};
  }
  json::array ids;
  for (const json::value& one : documents.as_array()) {
    ids.push_back(one.at("_id"));
  }
  const json::value reply = cluster_.post("/" + live + "/_mget", json::object{{"ids", ids}});
  const json::value& used = value_at(reply, "/docs");
  std::vector<std::string> sentences;
  std::int64_t differing = 0;
  for (std::size_t i = 0; i < documents.as_array().size() && used.is_array(); ++i) {
    const json::value& one = documents.as_array()[i];
    const json::value& other = used.as_array().at(i);
    const bool is_there = value_at(other, "/found") == true;
    const std::string id{text_at(one, "/_id").value_or("")};
    std::string sentence;
    if (!is_there) {
      sentence = fmt::format("document {} is not in the index in use", id);
    } else if (one.at("_version") != other.at("_version")) {
      sentence = fmt::format("document {} has revision {}, {} in use", id,
                             to_json(one.at("_version")), to_json(other.at("_version")));
    } else if (digest(one.at("_source"), fields) != digest(other.at("_source"), fields)) {
      // The same revision with other content is never in flight.
      sentences.push_back(fmt::format("document {} has other content under the same revision", id));
      continue;
    }
    if (!sentence.empty() && ++differing > in_flight) {
      sentences.push_back(std::move(sentence));
    }
  }
  return shortened(std::move(sentences), "documents");
}

}  // namespace freshet
