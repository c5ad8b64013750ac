#include "simulate/exchanges.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/check.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view kApiKeyPlaceholder = "test-api-key-";

// Parameters that choose which records an API answers with: absent is a value of its own.
constexpr std::string_view kChooseRecords[] = {"imagelicense", "date[from]", "date[to]", "q",
                                               "filter[]"};
// Parameters that choose a page: absent means the first one.
constexpr std::string_view kChoosePage[] = {"page", "page[number]", "offset",
                                            "skip", "start",        "cursor"};
constexpr std::string_view kFirstPage[] = {"0", "1", "*", ""};

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string{value.as_string()} : json::serialize(value);
}

bool is_content_type(std::string_view name) { return lower_ascii(name) == "content-type"; }

Reply parse_reply(const json::value& value, const fs::path& directory) {
  const json::object& object = value.as_object();
  Reply reply;
  reply.status = static_cast<int>(object.at("status").as_int64());
  if (const json::value* headers = object.if_contains("headers")) {
    for (const auto& header : headers->as_object()) {
      reply.headers.emplace_back(std::string{header.key()}, text_of(header.value()));
    }
  }
  if (const json::value* file = object.if_contains("body_file")) {
    reply.body = read_file(directory / text_of(*file));
    // What was recorded counts: it may name another charset.
    if (std::none_of(reply.headers.begin(), reply.headers.end(),
                     [](const auto& header) { return is_content_type(header.first); })) {
      reply.headers.emplace_back("Content-Type", "application/json");
    }
  }
  return reply;
}

std::string place_of(const Location& location) { return location.host + location.path; }

std::map<std::string, std::vector<std::string>> by_name(const http::Query& query) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [name, value] : query) {
    values[name].push_back(value);  // sorted, as the query is
  }
  return values;
}

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

}  // namespace

Exchanges Exchanges::load(const fs::path& directory, const std::string& name) {
  const fs::path file = directory / "exchanges" / (name + ".json");
  // A name such as `../x` must not lead out of the folder.
  if (name.find("..") != std::string::npos || !fs::is_regular_file(file)) {
    throw RefusedError("no case " + name + " below " + (directory / "exchanges").string());
  }
  try {
    return parse(read_file(file), directory);
  } catch (const std::exception& error) {
    throw StartupError(file.string() + ": " + error.what());
  }
}

Exchanges Exchanges::parse(std::string_view text, const fs::path& directory) {
  text = without_bom(text);
  const json::value document = json::parse({text.data(), text.size()});
  const json::object& root = document.as_object();
  Exchanges result;
  result.provider_ = text_of(root.at("provider"));
  for (const json::value& item : root.at("exchanges").as_array()) {
    const json::object& request = item.as_object().at("request").as_object();
    result.exchanges_.push_back({text_of(request.at("method")),
                                 parse_location(text_of(request.at("url"))),
                                 parse_reply(item.as_object().at("response"), directory)});
  }
  if (const json::value* items = root.if_contains("otherwise")) {
    for (const json::value& item : items->as_array()) {
      result.otherwise_.push_back({place_of(parse_location(text_of(item.as_object().at("url")))),
                                   parse_reply(item.as_object().at("response"), directory)});
    }
  }
  if (const json::value* items = root.if_contains("aliases")) {
    for (const json::value& item : items->as_array()) {
      result.aliases_.emplace_back(place_of(parse_location(text_of(item.as_object().at("to")))),
                                   place_of(parse_location(text_of(item.as_object().at("from")))));
    }
  }
  std::map<std::string, std::vector<std::string>> next;
  if (const json::value* run = root.if_contains("run")) {
    const json::value* parameters = run->as_object().if_contains("next_params");
    if (parameters != nullptr && parameters->is_object()) {
      for (const auto& parameter : parameters->as_object()) {
        std::vector<std::string>& values = next[std::string{parameter.key()}];
        if (parameter.value().is_array()) {
          for (const json::value& value : parameter.value().as_array()) {
            values.push_back(text_of(value));
          }
          std::sort(values.begin(), values.end());
        } else {
          values.push_back(text_of(parameter.value()));
        }
      }
    }
  }
  result.find_choosing_parameters(next);
  return result;
}

// What tells recorded requests of one place apart must never be ignored: page 3 of a case that
// holds pages 1 and 2 is not "nearly page 1". The request that would have come next is one of them.
void Exchanges::find_choosing_parameters(
    const std::map<std::string, std::vector<std::string>>& next) {
  std::map<std::string, std::vector<std::map<std::string, std::vector<std::string>>>> places;
  for (const Exchange& exchange : exchanges_) {
    places[place_of(exchange.location)].push_back(by_name(exchange.location.query));
  }
  // `run` does not say where its next request would go: to the list, whose parameters it shares.
  const Exchange* list = nullptr;
  std::size_t most = 0;
  for (const Exchange& exchange : exchanges_) {
    const auto shared = static_cast<std::size_t>(
        std::count_if(exchange.location.query.begin(), exchange.location.query.end(),
                      [&](const auto& pair) { return next.contains(pair.first); }));
    if (shared > most) {
      most = shared;
      list = &exchange;
    }
  }
  if (list != nullptr) {
    places[place_of(list->location)].push_back(next);
  }
  for (const auto& [place, requests] : places) {
    for (const auto& request : requests) {
      for (const auto& [name, values] : request) {
        const bool same = std::all_of(requests.begin(), requests.end(), [&](const auto& other) {
          const auto found = other.find(name);
          return found != other.end() && found->second == values;
        });
        if (!same) {
          choosing_[place].insert(name);
        }
      }
    }
  }
}

bool Exchanges::may_be_absent(const std::string& place, const std::string& name,
                              const std::vector<std::string>& values) const {
  if (contains(kChooseRecords, name) || name.ends_with("continue")) {
    return false;
  }
  if (contains(kChoosePage, name)) {
    return std::all_of(values.begin(), values.end(),
                       [](const std::string& value) { return contains(kFirstPage, value); });
  }
  const auto choosing = choosing_.find(place);
  return choosing == choosing_.end() || !choosing->second.contains(name);
}

/// Names of the parameters in which a request differs from a recorded one; `blocked` when one of
/// them must not differ.
std::vector<std::string> Exchanges::compare(const Exchange& exchange, const Location& asked,
                                            bool& blocked) const {
  const std::string place = place_of(exchange.location);
  const auto recorded = by_name(exchange.location.query);
  const auto sent = by_name(asked.query);
  std::set<std::string> names;
  for (const auto& [name, values] : recorded) {
    names.insert(name);
  }
  for (const auto& [name, values] : sent) {
    names.insert(name);
  }
  std::vector<std::string> differences;
  for (const std::string& name : names) {
    const auto was = recorded.find(name);
    const auto is = sent.find(name);
    const bool only_one = was == recorded.end() || is == sent.end();
    if (!only_one && was->second == is->second) {
      continue;
    }
    differences.push_back(name);
    const bool is_key =
        was != recorded.end() &&
        std::all_of(was->second.begin(), was->second.end(),
                    [](const std::string& v) { return v.starts_with(kApiKeyPlaceholder); });
    const bool is_free = is_key || (provider_ == "rawpixel" && name == "s") ||
                         (provider_ == "europeana" && name == "query");
    const bool absent_is_fine =
        only_one && may_be_absent(place, name, was == recorded.end() ? is->second : was->second);
    blocked = blocked || !(is_free || absent_is_fine);
  }
  return differences;
}

Answer Exchanges::answer(std::string_view method, const Location& location) const {
  Answer answer = answer_at(method, location);
  if (answer.match != Match::none && answer.match != Match::head) {
    return answer;
  }
  const std::string place = place_of(location);
  for (const auto& [newer, recorded] : aliases_) {
    if (place.starts_with(newer)) {
      const std::string renamed = recorded + place.substr(newer.size());
      const std::size_t slash = renamed.find('/');
      return answer_at(method, {renamed.substr(0, slash), renamed.substr(slash), location.query});
    }
  }
  return answer;
}

Answer Exchanges::answer_at(std::string_view method, const Location& location) const {
  const Exchange* nearest = nullptr;
  std::vector<std::string> nearest_differences;
  for (const Exchange& exchange : exchanges_) {
    if (exchange.method != method || exchange.location.host != location.host ||
        exchange.location.path != location.path) {
      continue;
    }
    bool blocked = false;
    std::vector<std::string> differences = compare(exchange, location, blocked);
    if (differences.empty()) {
      return {Match::exact, exchange.reply, {}, {}};
    }
    if (!blocked && (nearest == nullptr || differences.size() < nearest_differences.size())) {
      nearest = &exchange;
      nearest_differences = std::move(differences);
    }
  }
  if (nearest != nullptr) {
    return {Match::nearest, nearest->reply, nearest->location.text(), nearest_differences};
  }
  if (method == "HEAD") {
    return {Match::head, {200, {}, std::nullopt}, {}, {}};
  }
  const std::string place = place_of(location);
  for (const Otherwise& rest : otherwise_) {
    const bool is_prefix = rest.place.ends_with('*');
    if (is_prefix ? place.starts_with(std::string_view{rest.place}.substr(0, rest.place.size() - 1))
                  : place == rest.place) {
      return {Match::otherwise, rest.reply, {}, {}};
    }
  }
  return {Match::none, {404, {{"Content-Type", "text/plain"}}, "not recorded\n"}, {}, {}};
}

std::vector<std::string> list_cases(const fs::path& directory) {
  std::vector<std::string> cases;
  const fs::path root = directory / "exchanges";
  std::error_code failed;
  for (fs::recursive_directory_iterator it{root, failed}, end; !failed && it != end;
       it.increment(failed)) {
    if (it->path().extension() == ".json") {
      cases.push_back(fs::relative(it->path(), root).replace_extension().generic_string());
    }
  }
  if (failed || cases.empty()) {
    throw StartupError("no exchange files below " + root.string());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

}  // namespace freshet::simulate
