#include "reference_model.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <map>
#include <set>
#include <tuple>

#include "core/hash.hpp"

namespace freshet::reference {
namespace {

using Stamp = std::tuple<std::int64_t, std::uint32_t, std::uint64_t>;

struct Sighting {
  Stamp stamp;
  json::object work;
};

json::value without_nulls(const json::value& value) {
  if (value.is_object()) {
    json::object out;
    for (const auto& [name, member] : value.as_object()) {
      if (!member.is_null()) {
        out[name] = without_nulls(member);
      }
    }
    return out;
  }
  if (value.is_array()) {
    json::array out;
    for (const auto& element : value.as_array()) {
      out.push_back(without_nulls(element));
    }
    return out;
  }
  return value;
}

bool is_unit_member(const std::string& name) {
  return name == "license_url" || name == "raw_license_url";
}

// Last value and its stamp per slot, over sightings in ascending order of their stamps.
struct Slots {
  std::map<std::string, std::pair<json::value, Stamp>> last;
  void see(const std::string& slot, const json::value& value, const Stamp& stamp) {
    if (!value.is_null()) {
      last.insert_or_assign(slot, std::pair(value, stamp));
    }
  }
};

json::object members_of(const json::object& work, const char* name) {
  const auto* found = work.if_contains(name);
  return found == nullptr ? json::object{} : without_nulls(*found).as_object();
}

template <class Less>
json::array in_order(std::vector<json::value> list, Less less, std::size_t most) {
  std::sort(list.begin(), list.end(), less);
  list.erase(std::unique(list.begin(), list.end()), list.end());
  list.resize(std::min(list.size(), most));
  return json::array(list.begin(), list.end());
}

std::vector<json::value> elements(const json::object& work, const char* name) {
  const auto* found = work.if_contains(name);
  if (found == nullptr) {
    return {};
  }
  const auto& list = found->as_array();
  return {list.begin(), list.end()};
}

auto tag_rank(const json::value& tag) {
  const auto* accuracy = tag.as_object().if_contains("accuracy");
  return std::tuple{std::string{tag.at("name").as_string()},
                    std::string{tag.at("provider").as_string()},
                    accuracy == nullptr ? std::string{} : json::serialize(*accuracy)};
}

void put_members(json::object& work, const char* name, const json::object& members) {
  if (!members.empty()) {
    work[name] = members;
  }
}

// Of each kind the last line of the history holds.
std::vector<std::string> decided_by(const std::vector<Event>& events) {
  std::map<std::string, std::pair<std::int64_t, bool>> last;
  for (const Event& event : events) {
    if (!event.decision.empty()) {
      last[event.decision] = std::max(last[event.decision], {event.micros, !event.is_undo});
    }
  }
  std::vector<std::string> kinds;
  for (const auto& [kind, at_and_holds] : last) {
    if (at_and_holds.second) {
      kinds.push_back(kind);
    }
  }
  return kinds;
}

Expected without_decisions(const std::vector<Event>& events) {
  std::vector<Sighting> sightings;
  Expected expected;
  for (const Event& event : events) {
    if (!event.decision.empty()) {
      continue;
    }
    if (event.is_removal) {
      expected.removed_micros = std::max(expected.removed_micros.value_or(0), event.micros);
    } else {
      sightings.push_back({{event.micros, event.rules, xxh3(event.work, event.rules)},
                           json::parse(event.work).as_object()});
    }
  }
  std::sort(sightings.begin(), sightings.end(),
            [](const Sighting& a, const Sighting& b) { return a.stamp < b.stamp; });
  if (sightings.empty()) {
    expected.status = "removed_at_source";
    return expected;
  }
  expected.newest_micros = std::get<0>(sightings.back().stamp);
  expected.url = sightings.back().work.at("url").as_string();
  expected.created_millis = std::get<0>(sightings.front().stamp) / 1000;
  expected.status = expected.removed_micros && *expected.removed_micros > *expected.newest_micros
                        ? "removed_at_source"
                        : "live";

  Slots slots;
  std::vector<json::value> foreign_tags, genres, files;
  const std::string own{sightings[0].work.at("provider").as_string()};
  for (const auto& [stamp, work] : sightings) {
    for (const auto& [name, value] : work) {
      const std::string slot{name};
      const bool special = slot == "meta_data" || slot == "audio_set" || slot == "tags" ||
                           slot == "genres" || slot == "alt_files" || slot == "license_version";
      if (slot == "license") {
        const json::object meta = members_of(work, "meta_data");
        json::object unit{{"license", value}};
        if (const auto* version = work.if_contains("license_version")) {
          unit["license_version"] = *version;
        }
        for (const char* url : {"license_url", "raw_license_url"}) {
          if (const auto* found = meta.if_contains(url)) {
            unit[url] = *found;
          }
        }
        slots.see("license", unit, stamp);
      } else if (!special) {
        slots.see(slot, value, stamp);
      }
    }
    for (const char* group : {"meta_data", "audio_set"}) {
      for (const auto& [name, value] : members_of(work, group)) {
        if (!is_unit_member(std::string{name}) || std::string_view{group} != "meta_data") {
          slots.see(std::string{group} + "." + std::string{name}, value, stamp);
        }
      }
    }
    json::array own_tags;
    for (const json::value& tag : elements(work, "tags")) {
      if (tag.at("provider").as_string() == own) {
        own_tags.push_back(tag);
      } else {
        foreign_tags.push_back(tag);
      }
    }
    slots.see("tags", own_tags.empty() ? json::value() : json::value(own_tags), stamp);
    for (const json::value& genre : elements(work, "genres")) {
      genres.push_back(genre);
    }
    for (const json::value& file : elements(work, "alt_files")) {
      files.push_back(without_nulls(file));
    }
  }

  json::object meta, set;
  std::vector<json::value> tags;
  const auto by_tag = [](const json::value& a, const json::value& b) {
    return tag_rank(a) < tag_rank(b);
  };
  const auto by_text = [](const json::value& a, const json::value& b) {
    return json::serialize(a) < json::serialize(b);
  };
  for (const auto& [slot, value_and_stamp] : slots.last) {
    const auto& [value, stamp] = value_and_stamp;
    if (stamp != sightings.back().stamp) {
      expected.older.push_back(slot + "@" + std::to_string(std::get<0>(stamp)));
    }
    if (slot == "license") {
      for (const auto& [name, part] : value.as_object()) {
        (is_unit_member(std::string{name}) ? meta : expected.work)[name] = part;
      }
    } else if (slot.starts_with("meta_data.")) {
      meta[slot.substr(10)] = value;
    } else if (slot.starts_with("audio_set.")) {
      set[slot.substr(10)] = value;
    } else if (slot == "tags") {
      tags.assign(value.as_array().begin(), value.as_array().end());
    } else {
      expected.work[slot] = value;
    }
  }
  std::sort(expected.older.begin(), expected.older.end());
  put_members(expected.work, "meta_data", meta);
  put_members(expected.work, "audio_set", set);
  const json::array kept = in_order(foreign_tags, by_tag, 500);
  tags.insert(tags.end(), kept.begin(), kept.end());
  const json::array all_tags = in_order(tags, by_tag, tags.size());
  const json::array all_genres = in_order(genres, by_text, 100);
  const json::array all_files = in_order(files, by_text, 100);
  if (!all_tags.empty()) {
    expected.work["tags"] = all_tags;
  }
  if (!all_genres.empty()) {
    expected.work["genres"] = all_genres;
  }
  if (!all_files.empty()) {
    expected.work["alt_files"] = all_files;
  }
  return expected;
}

// `http://a@Host.org.:80/x` is of host.org.
std::string host_of(std::string rest) {
  rest = rest.substr(0, rest.find('/'));
  rest = rest.substr(rest.find('@') == std::string::npos ? 0 : rest.find('@') + 1);
  rest = rest.substr(0, rest.find(':'));
  while (rest.ends_with('.')) {
    rest.pop_back();
  }
  std::transform(rest.begin(), rest.end(), rest.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return rest;
}

void set_schemes(json::object& work, const std::vector<std::string>& http_hosts) {
  for (const char* name : {"foreign_landing_url", "url", "thumbnail", "creator_url"}) {
    if (json::value* value = work.if_contains(name)) {
      const std::string url{value->as_string()};
      const std::string rest = url.substr(url.find("://") + 3);
      const bool is_http = std::count(http_hosts.begin(), http_hosts.end(), host_of(rest)) > 0;
      *value = json::string{(is_http ? "http://" : "https://") + rest};
    }
  }
}

}  // namespace

Expected expect(const std::vector<Event>& events, const std::vector<std::string>& http_hosts) {
  Expected expected = without_decisions(events);
  set_schemes(expected.work, http_hosts);
  expected.decided = decided_by(events);
  const std::set<std::string> kinds{expected.decided.begin(), expected.decided.end()};
  if (kinds.contains("erase")) {
    expected.work.clear();
    expected.older.clear();
  }
  if (kinds.contains("takedown") || kinds.contains("erase")) {
    expected.status = "blocked";
  }
  return expected;
}

}  // namespace freshet::reference
