#include "core/policy_lists.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/decision.hpp"
#include "core/fold.hpp"
#include "core/json_writer.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::size_t kMostDisplayName = 200;
constexpr std::size_t kMostSourceUrl = 1'000;
constexpr std::size_t kMostHostBytes = 253;
constexpr std::size_t kMostLabelBytes = 63;

Error missing(const std::string& field) {
  return {Errc::missing_field, field, "required", "policy: no " + field};
}

Error broken(std::string field, std::string rule, const std::string& why) {
  return {Errc::invalid_value, std::move(field), std::move(rule), "policy: " + why};
}

// One entry of the list of sources, and how an error names it.
class EntryReader {
 public:
  EntryReader(const json::value& entry, std::size_t index)
      : entry_{entry}, field_{fmt::format("rule.sources[{}]", index)}, called_{field_} {}

  Result<SourcesRule::Entry> read() {
    const json::object* const members = entry_.if_object();
    if (members == nullptr) {
      return broken(field_, "object", field_ + " is no object");
    }
    SourcesRule::Entry out;
    for (auto step :
         {&EntryReader::read_name, &EntryReader::read_display_name, &EntryReader::read_url,
          &EntryReader::read_media, &EntryReader::read_hidden, &EntryReader::check_members}) {
      if (auto error = (this->*step)(*members, out)) {
        return *std::move(error);
      }
    }
    return out;
  }
  /// `rule.sources[2] (capl)`
  const std::string& called() const { return called_; }

 private:
  using Fault = std::optional<Error>;

  Error fault(const char* member, const char* rule, const std::string& why) const {
    return broken(fmt::format("{}.{}", field_, member), rule,
                  fmt::format("{}: {} {}", called_, member, why));
  }
  Error absent(const char* member) const {
    return {Errc::missing_field, fmt::format("{}.{}", field_, member), "required",
            fmt::format("policy: {}: no {}", called_, member)};
  }

  // A text as texts of works are kept; `out` stays empty where the member is absent or says
  // nothing.
  Fault read_text(const json::object& members, const char* name, std::size_t most,
                  std::string& out) const {
    const json::value* const member = members.if_contains(name);
    if (member == nullptr || member->is_null()) {
      return std::nullopt;
    }
    if (!member->is_string()) {
      return fault(name, "text", "is no text");
    }
    out = clean_text(std::string_view{member->get_string()});
    if (const auto why = out.empty() ? std::nullopt : fault_of_decision_text(out, most)) {
      return fault(name, "text", *why);
    }
    return std::nullopt;
  }

  Fault read_name(const json::object& members, SourcesRule::Entry& out) {
    if (auto error = read_text(members, "name", kMostSourceName, out.name)) {
      return error;
    }
    if (out.name.empty()) {
      return absent("name");
    }
    called_ = fmt::format("{} ({})", field_, out.name);
    if (out.name.find(',') != std::string::npos) {
      return fault("name", "no_comma", "has a comma, which parts the names in a request");
    }
    return std::nullopt;
  }

  Fault read_display_name(const json::object& members, SourcesRule::Entry& out) {
    return read_text(members, "display_name", kMostDisplayName, out.display_name);
  }

  Fault read_url(const json::object& members, SourcesRule::Entry& out) {
    if (auto error = read_text(members, "source_url", kMostSourceUrl, out.source_url)) {
      return error;
    }
    const std::string_view url = out.source_url;
    const std::size_t host = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
    const bool has_host = host > 0 && url.find_first_of("/?#:", host) > host && url.size() > host;
    if (!url.empty() && (!has_host || url.find_first_of(" <>\"'") != std::string_view::npos)) {
      return fault("source_url", "url", "is no address that begins with https:// or http://");
    }
    return std::nullopt;
  }

  Fault read_media(const json::object& members, SourcesRule::Entry& out) {
    const json::value* const list = members.if_contains("media_types");
    if (list == nullptr) {
      return absent("media_types");
    }
    bool is_list = list->is_array() && !list->get_array().empty();
    for (const json::value& type : is_list ? list->get_array() : json::array{}) {
      const std::string_view name =
          type.is_string() ? std::string_view{type.get_string()} : std::string_view{};
      out.has_images = out.has_images || name == "image";
      out.has_audio = out.has_audio || name == "audio";
      is_list = is_list && (name == "image" || name == "audio");
    }
    return is_list ? std::nullopt
                   : Fault{fault("media_types", "media_types", "is no list of image and audio")};
  }

  Fault read_hidden(const json::object& members, SourcesRule::Entry& out) {
    const json::value* const hidden = members.if_contains("hidden");
    if (hidden == nullptr || hidden->is_null()) {
      return std::nullopt;
    }
    if (!hidden->is_bool()) {
      return fault("hidden", "boolean", "is neither true nor false");
    }
    out.hidden = hidden->get_bool();
    return std::nullopt;
  }

  // What a typing error leaves out without a word would be found months later.
  Fault check_members(const json::object& members, SourcesRule::Entry&) {
    constexpr std::array<std::string_view, 5> kKnown{"name", "display_name", "source_url",
                                                     "media_types", "hidden"};
    for (const auto& member : members) {
      const std::string name{member.key()};
      if (std::ranges::find(kKnown, name) == kKnown.end()) {
        return broken(field_, "members",
                      fmt::format("{} has a member {}; known are {}", called_, name,
                                  fmt::join(kKnown, ", ")));
      }
    }
    return std::nullopt;
  }

  const json::value& entry_;
  const std::string field_;
  std::string called_;
};

bool is_host_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Why a folded text is no whole name of a host that URLs of works could have.
std::optional<std::string> fault_of_host(std::string_view host) {
  if (host.find("://") != std::string_view::npos || host.find('/') != std::string_view::npos) {
    return "is a URL or has a path: only the name of the host belongs here";
  }
  if (host.find(':') != std::string_view::npos) {
    return "has a port: the name alone stands for all of them";
  }
  if (host.find('*') != std::string_view::npos) {
    return "has a *: hosts are named one by one";
  }
  if (host.size() > kMostHostBytes) {
    return fmt::format("is longer than {} bytes", kMostHostBytes);
  }
  std::size_t labels = 0;
  for (std::string_view rest = host;; ++labels) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view label = rest.substr(0, dot);
    if (label.empty() || label.size() > kMostLabelBytes || label.front() == '-' ||
        label.back() == '-' || !std::ranges::all_of(label, is_host_byte)) {
      return "is no name of a host";
    }
    if (dot == rest.size()) {
      break;
    }
    rest.remove_prefix(dot + 1);
  }
  return labels == 0 ? std::optional<std::string>{"has no dot"} : std::nullopt;
}

}  // namespace

Result<SourcesRule> parse_sources_rule(const json::value& rule) {
  const json::value& list = value_at(rule, "/sources");
  if (!list.is_array()) {
    return missing("rule.sources");
  }
  if (list.get_array().size() > kMostSources) {
    return broken("rule.sources", "length",
                  fmt::format("rule.sources has more than {} entries", kMostSources));
  }
  SourcesRule read;
  std::map<std::string, std::string> called;  // by folded name
  std::size_t index = 0;
  for (const json::value& value : list.get_array()) {
    EntryReader reader{value, index};
    auto entry = reader.read();
    if (!entry) {
      return entry.error();
    }
    const auto [earlier, is_new] = called.emplace(fold_case(entry->name), reader.called());
    if (!is_new) {
      return broken(fmt::format("rule.sources[{}].name", index), "unique",
                    fmt::format("{} has, without regard to case, the name of {}", reader.called(),
                                earlier->second));
    }
    read.sources.push_back(std::move(*entry));
    ++index;
  }
  std::ranges::sort(read.sources, {},
                    [](const SourcesRule::Entry& entry) { return fold_case(entry.name); });
  return read;
}

std::string encode(const SourcesRule& rule) {
  std::string out;
  ObjectWriter object{out};
  object.key("sources");
  out += '[';
  for (const SourcesRule::Entry& entry : rule.sources) {
    out += out.back() == '[' ? "" : ",";
    ObjectWriter source{out};
    source.text("name", entry.name);
    if (!entry.display_name.empty()) {
      source.text("display_name", entry.display_name);
    }
    if (!entry.source_url.empty()) {
      source.text("source_url", entry.source_url);
    }
    std::vector<std::string_view> media_types;
    if (entry.has_images) {
      media_types.emplace_back("image");
    }
    if (entry.has_audio) {
      media_types.emplace_back("audio");
    }
    source.texts("media_types", media_types);
    if (entry.hidden) {
      source.boolean("hidden", *entry.hidden);
    }
    source.close();
  }
  out += ']';
  object.close();
  return out;
}

Result<HttpHostsRule> parse_http_hosts_rule(const json::value& rule) {
  const json::value& list = value_at(rule, "/hosts");
  if (!list.is_array()) {
    return missing("rule.hosts");
  }
  if (list.get_array().size() > kMostHttpHosts) {
    return broken("rule.hosts", "length",
                  fmt::format("rule.hosts has more than {} entries", kMostHttpHosts));
  }
  HttpHostsRule read;
  std::size_t index = 0;
  for (const json::value& value : list.get_array()) {
    const std::string field = fmt::format("rule.hosts[{}]", index++);
    if (!value.is_string()) {
      return broken(field, "text", field + " is no text");
    }
    const std::string_view given{value.get_string()};
    if (const auto why = fault_of_decision_text(given, kMostHostBytes)) {
      return broken(field, "text", fmt::format("{} {}", field, *why));
    }
    std::string host = fold_case(trim_space(given));
    if (host.ends_with('.')) {
      host.pop_back();  // the root, which URLs lose too when they are compared
    }
    if (const auto why = fault_of_host(host)) {
      return broken(field, "host", fmt::format("{} ({}) {}", field, given, *why));
    }
    read.hosts.push_back(std::move(host));
  }
  std::ranges::sort(read.hosts);
  const auto repeats = std::ranges::unique(read.hosts);
  read.hosts.erase(repeats.begin(), repeats.end());
  return read;
}

std::string encode(const HttpHostsRule& rule) {
  std::string out;
  ObjectWriter object{out};
  object.texts("hosts", rule.hosts);
  object.close();
  return out;
}

}  // namespace freshet
