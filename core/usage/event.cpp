#include "core/usage/event.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "core/json_writer.hpp"
#include "core/key.hpp"
#include "core/text.hpp"
#include "core/usage/event_types.hpp"
#include "core/utf8.hpp"

namespace freshet::usage {
namespace {

constexpr std::array<std::string_view, 3> kMediaTypes{"image", "audio", "all"};
constexpr std::array<std::string_view, 5> kAgents{"desktop", "mobile", "bot", "program", "unknown"};
constexpr std::array<std::string_view, 2> kOrigins{"web", "api"};
constexpr std::array<std::string_view, 13> kSentMembers{
    "event_id", "type",      "occurred_at", "session_id", "search_id", "query",  "media_type",
    "filters",  "result_id", "rank",        "page",       "source",    "payload"};
constexpr std::array<std::string_view, 3> kStoredMembers{"received_at", "agent", "origin"};

Error invalid(std::string field, std::string rule) {
  const Errc errc = rule == "is required" ? Errc::missing_field : Errc::invalid_value;
  std::string message = (field.empty() ? "event" : field) + ": " + rule;
  return {errc, std::move(field), std::move(rule), std::move(message)};
}

/// Of an address its host, in lower case: what follows it may say who reads there.
std::string host_of_page(std::string_view address) {
  const std::size_t scheme = address.find("//");
  if (const std::size_t end = address.find_first_of("/?#");
      scheme != address.npos && scheme <= end) {
    address.remove_prefix(scheme + 2);
  }
  address = address.substr(0, address.find_first_of("/?#\\"));
  if (const std::size_t at = address.rfind('@'); at != address.npos) {
    address.remove_prefix(at + 1);
  }
  const std::size_t port = address.find(':', address.starts_with('[') ? address.find(']') : 0);
  return lower_ascii(address.substr(0, port));
}

/// Reads the members of one event, and keeps the first fault.
class Reader {
 public:
  explicit Reader(const json::object& members) : members_{members} {}

  const std::optional<Error>& fault() const { return fault_; }
  void fail(std::string field, std::string rule) {
    if (!fault_) {
      fault_ = invalid(std::move(field), std::move(rule));
    }
  }

  /// Null and absent are the same.
  const json::value* find(std::string_view name) const {
    const json::value* const found = members_.if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  }

  std::optional<std::string> text(std::string_view name, std::size_t longest) {
    const json::value* const found = find(name);
    if (found == nullptr) {
      return std::nullopt;
    }
    check_text(std::string{name}, *found, longest);
    return fault_ ? std::nullopt
                  : std::optional{std::string{std::string_view{found->get_string()}}};
  }

  std::string uuid(std::string_view name, bool is_required) {
    if (find(name) == nullptr) {
      if (is_required) {
        fail(std::string{name}, "is required");
      }
      return "";
    }
    std::string given = lower_ascii(text(name, kLongestText).value_or(""));
    if (!is_uuid(given)) {
      fail(std::string{name}, "must be a UUID");
    }
    return given;
  }

  template <std::size_t N>
  std::string choice(std::string_view name, const std::array<std::string_view, N>& choices,
                     bool is_required = false) {
    const std::string given = text(name, kLongestText).value_or("");
    if (find(name) == nullptr) {
      if (is_required) {
        fail(std::string{name}, "is required");
      }
    } else if (std::ranges::find(choices, given) == choices.end()) {
      fail(std::string{name}, "must be one of those in the schema");
    }
    return given;
  }

  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least) {
    const json::value* const found = find(name);
    if (found == nullptr) {
      return std::nullopt;
    }
    const std::int64_t* const number = found->if_int64();
    if (number == nullptr || *number < least || *number > kMostRank) {
      fail(std::string{name}, "must be a whole number from " + std::to_string(least) + " to " +
                                  std::to_string(kMostRank));
      return std::nullopt;
    }
    return *number;
  }

  UtcTime time(std::string_view name) {
    const json::value* const found = find(name);
    if (found == nullptr) {
      fail(std::string{name}, "is required");
      return {};
    }
    const auto read = found->is_string() ? parse_time(std::string_view{found->get_string()})
                                         : std::optional<UtcTime>{};
    if (!read) {
      fail(std::string{name}, "must be a time such as 2026-11-30T12:00:00.000Z");
    }
    return read.value_or(UtcTime{});
  }

  json::object filters() {
    const json::value* const found = find("filters");
    if (found == nullptr) {
      return {};
    }
    const json::object* const given = found->if_object();
    if (given == nullptr || given->size() > kMostFilters) {
      fail("filters", "must be an object of at most " + std::to_string(kMostFilters) + " members");
      return {};
    }
    json::object read;
    for (const auto& [name, value] : *given) {
      const std::string field =
          "filters." + std::string{first_code_points(std::string_view{name}, 80)};
      if (name.size() > 80 || name.empty() || !is_clean(name)) {
        fail("filters", "must have names of 1 to 80 bytes");
        return {};
      }
      json::array list;
      if (value.is_string()) {
        check_text(field, value, kLongestText);
        list.push_back(value);
      } else {
        check_texts(field, value);
        if (const json::array* texts = value.if_array()) {
          list = *texts;
        }
      }
      if (fault_) {
        return {};
      }
      read.emplace(name, std::move(list));
    }
    return read;
  }

  json::object payload(const EventType& type) {
    const json::value* const found = find("payload");
    static const json::object kNone;
    const json::object* const given = found == nullptr ? &kNone : found->if_object();
    if (given == nullptr) {
      fail("payload", "must be an object");
      return {};
    }
    for (const auto& [name, value] : *given) {
      const Property* const property = find_property(type, name);
      if (property == nullptr) {
        fail("payload." + std::string{first_code_points(std::string_view{name}, 80)},
             "is not a member of this type");
        return {};
      }
      if (!value.is_null()) {
        check_property("payload." + std::string{property->name}, *property, value);
      }
    }
    for (const Property& property : type.properties) {
      const json::value* const value = given->if_contains(property.name);
      if (property.is_required && (value == nullptr || value->is_null())) {
        fail("payload." + std::string{property.name}, "is required");
      }
    }
    if (fault_) {
      return {};
    }
    json::object read = *given;
    for (auto& [name, value] : read) {
      if (const json::string* const text = value.if_string();
          text != nullptr && find_property(type, name)->kind == PropertyKind::page) {
        value = host_of_page(*text);
      }
    }
    return read;
  }

 private:
  // NUL is nothing that PostgreSQL can hold.
  static bool is_clean(std::string_view text) {
    return is_utf8(text) && text.find('\0') == std::string_view::npos;
  }

  void check_text(std::string field, const json::value& value, std::size_t longest) {
    const json::string* const text = value.if_string();
    if (text == nullptr) {
      fail(std::move(field), "must be a text");
    } else if (!is_clean(*text)) {
      fail(std::move(field), "must be UTF-8 without NUL");
    } else if (text->size() > longest && count_code_points(*text) > longest) {
      fail(std::move(field), "must have at most " + std::to_string(longest) + " characters");
    }
  }

  void check_texts(const std::string& field, const json::value& value) {
    const json::array* const list = value.if_array();
    if (list == nullptr || list->size() > kMostTexts) {
      fail(field, "must be a list of at most " + std::to_string(kMostTexts) + " texts");
      return;
    }
    for (const json::value& one : *list) {
      check_text(field, one, kLongestText);
    }
  }

  void check_results(const std::string& field, const json::value& value) {
    const json::array* const list = value.if_array();
    if (list == nullptr || list->size() > kMostResults) {
      fail(field, "must be a list of at most " + std::to_string(kMostResults) + " results");
      return;
    }
    for (const json::value& one : *list) {
      const json::object* const result = one.if_object();
      const json::value* const id = result == nullptr ? nullptr : result->if_contains("id");
      const json::value* const rank = result == nullptr ? nullptr : result->if_contains("rank");
      if (id == nullptr || !id->is_string() || !is_uuid(lower_ascii(id->get_string())) ||
          rank == nullptr || !rank->is_int64() || rank->get_int64() < 0 ||
          rank->get_int64() > kMostRank || result->size() != 2) {
        fail(field, "must hold {\"id\": UUID, \"rank\": whole number from 0}");
        return;
      }
    }
  }

  void check_property(std::string field, const Property& property, const json::value& value) {
    switch (property.kind) {
      case PropertyKind::text:
        check_text(field, value, kLongestText);
        if (!fault_ && !property.choices.empty() &&
            std::ranges::find(property.choices, std::string_view{value.get_string()}) ==
                property.choices.end()) {
          fail(std::move(field), "must be one of those in the schema");
        }
        return;
      case PropertyKind::number:
        if (!value.is_number() || !std::isfinite(value.to_number<double>())) {
          fail(std::move(field), "must be a number");
        }
        return;
      case PropertyKind::page:
        check_text(field, value, kLongestText);
        return;
      case PropertyKind::flag:
        if (!value.is_bool()) {
          fail(std::move(field), "must be true or false");
        }
        return;
      case PropertyKind::texts:
        check_texts(field, value);
        return;
      case PropertyKind::results:
        check_results(field, value);
        return;
    }
  }

  static const Property* find_property(const EventType& type, std::string_view name) {
    for (const std::span<const Property> list : {type.properties, common_properties()}) {
      const auto found = std::ranges::find(list, name, &Property::name);
      if (found != list.end()) {
        return &*found;
      }
    }
    return nullptr;
  }

  const json::object& members_;
  std::optional<Error> fault_;
};

/// Members that both forms have. @return the first fault
Event read_members(Reader& reader) {
  Event event;
  event.event_id = reader.uuid("event_id", true);
  event.type = reader.text("type", kLongestText).value_or("");
  const EventType* const type = find_event_type(event.type);
  if (type == nullptr) {
    reader.fail("type", reader.find("type") == nullptr ? "is required" : "is not known");
  }
  event.occurred_at = reader.time("occurred_at");
  event.session_id = reader.uuid("session_id", false);
  event.search_id = reader.uuid("search_id", false);
  event.query = reader.text("query", kLongestQuery);
  event.media_type = reader.choice("media_type", kMediaTypes);
  event.filters = reader.filters();
  event.result_id = reader.uuid("result_id", false);
  event.rank = reader.integer("rank", 0);
  event.page = reader.integer("page", 1);
  event.source = reader.text("source", kLongestText).value_or("");
  if (type != nullptr) {
    event.payload = reader.payload(*type);
  }
  return event;
}

template <class... Lists>
void refuse_unknown(Reader& reader, const json::object& members, const Lists&... lists) {
  for (const auto& [name, value] : members) {
    const bool is_known =
        ((std::ranges::find(lists, std::string_view{name}) != lists.end()) || ...);
    if (!is_known) {
      reader.fail(std::string{first_code_points(std::string_view{name}, 80)},
                  "is not a known member");
    }
  }
}

}  // namespace

std::string_view to_string(Origin origin) { return kOrigins.at(static_cast<std::size_t>(origin)); }

Result<Event> read_sent_event(const json::value& sent, UtcTime now) {
  const json::object* const members = sent.if_object();
  if (members == nullptr) {
    return invalid("", "must be an object");
  }
  if (to_json(sent).size() > kMostEventBytes) {
    return invalid("", "must have at most " + std::to_string(kMostEventBytes) + " bytes");
  }
  Reader reader{*members};
  refuse_unknown(reader, *members, kSentMembers);
  Event event = read_members(reader);
  event.received_at = now;
  if (!reader.fault() && event.occurred_at > now + kClockSkew) {
    reader.fail("occurred_at", "must not be in the future");
  }
  if (!reader.fault() && event.occurred_at < now - kOldest) {
    reader.fail("occurred_at", "must not be older than seven days");
  }
  if (reader.fault()) {
    return *reader.fault();
  }
  return event;
}

Result<Event> read_event(std::string_view value) {
  auto parsed = parse_json(value);
  if (!parsed) {
    return parsed.error();
  }
  const json::object* const members = parsed->if_object();
  if (members == nullptr) {
    return invalid("", "must be an object");
  }
  Reader reader{*members};
  refuse_unknown(reader, *members, kSentMembers, kStoredMembers);
  Event event = read_members(reader);
  event.received_at = reader.time("received_at");
  event.agent = reader.choice("agent", kAgents, true);
  event.origin = reader.choice("origin", kOrigins, true) == kOrigins[1] ? Origin::api : Origin::web;
  if (!reader.fault() && event.occurred_at > event.received_at + kClockSkew) {
    reader.fail("occurred_at", "must not be in the future");
  }
  if (reader.fault()) {
    return *reader.fault();
  }
  return event;
}

std::string encode_event(const Event& event) {
  std::string out;
  ObjectWriter object{out};
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      object.text(name, value);
    }
  };
  object.text("event_id", event.event_id);
  object.text("type", event.type);
  object.text("occurred_at", format_millis(event.occurred_at));
  object.text("received_at", format_millis(event.received_at));
  object.text("agent", event.agent);
  object.text("origin", to_string(event.origin));
  text("session_id", event.session_id);
  text("search_id", event.search_id);
  if (event.query) {
    object.text("query", *event.query);
  }
  text("media_type", event.media_type);
  if (!event.filters.empty()) {
    object.raw("filters", to_json(event.filters));
  }
  text("result_id", event.result_id);
  if (event.rank) {
    object.integer("rank", *event.rank);
  }
  if (event.page) {
    object.integer("page", *event.page);
  }
  text("source", event.source);
  if (!event.payload.empty()) {
    object.raw("payload", to_json(event.payload));
  }
  object.close();
  return out;
}

std::string_view agent_class(std::string_view user_agent) {
  const std::string text = lower_ascii(user_agent.substr(0, 512));
  const auto has = [&text](std::string_view part) { return text.find(part) != text.npos; };
  if (text.empty()) {
    return "unknown";
  }
  if (has("bot") || has("crawl") || has("spider") || has("slurp")) {
    return "bot";
  }
  if (!text.starts_with("mozilla/")) {
    return "program";
  }
  return has("mobile") || has("android") || has("iphone") ? "mobile" : "desktop";
}

std::string make_event_id() {
  thread_local std::mt19937_64 random{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }()};
  std::array<std::uint64_t, 2> bits{random(), random()};
  bits[0] = (bits[0] & ~std::uint64_t{0xf000}) | 0x4000U;
  bits[1] = (bits[1] & ~(std::uint64_t{3} << 62U)) | (std::uint64_t{1} << 63U);
  std::string out;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) {
      out += '-';
    }
    out += kHexDigits[(bits.at(static_cast<std::size_t>(i) / 16) >> (60 - i % 16 * 4)) & 0xfU];
  }
  return out;
}

}  // namespace freshet::usage
