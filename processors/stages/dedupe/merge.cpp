#include "processors/stages/dedupe/merge.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "processors/record/json_slices.hpp"

namespace freshet {
namespace {

constexpr std::string_view kLicenseUnit = "license";
constexpr std::string_view kTagsUnit = "tags";

bool in_license_unit(Field field) {
  return field == Field::license || field == Field::license_version;
}
bool in_license_unit(std::string_view meta_data_name) {
  return meta_data_name == "license_url" || meta_data_name == "raw_license_url";
}

auto tag_order(const Tag& tag) { return std::tie(tag.name, tag.provider, tag.accuracy); }
bool tag_less(const Tag& a, const Tag& b) { return tag_order(a) < tag_order(b); }
bool tag_equal(const Tag& a, const Tag& b) { return tag_order(a) == tag_order(b); }

template <class T>
void sort_distinct(std::pmr::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

template <class T>
void cut(std::pmr::vector<T>& list, std::size_t most) {
  if (list.size() > most) {
    list.resize(most, T{});
  }
}

void normalise_members(std::pmr::vector<Member>& members, Arena& arena) {
  if (members.empty()) {
    return;
  }
  std::erase_if(members, [](const Member& member) { return member.json == "null"; });
  for (Member& member : members) {
    member.json = strip_nulls(member.json, arena);
  }
  const auto by_name = [](const Member& a, const Member& b) { return a.name < b.name; };
  if (!std::is_sorted(members.begin(), members.end(), by_name)) {
    std::stable_sort(members.begin(), members.end(), by_name);
  }
  // Of two with one name the last one counts, as in every JSON reader that keeps one.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i + 1].name == members[i].name) {
      continue;
    }
    members[kept++] = members[i];
  }
  members.resize(kept);
}

// Keeps every tag of the own provider and the first of the others.
void cut_foreign_tags(std::pmr::vector<Tag>& tags, std::string_view own) {
  if (tags.size() <= kMostForeignTags) {
    return;
  }
  std::size_t foreign = 0;
  std::erase_if(
      tags, [&](const Tag& tag) { return tag.provider != own && ++foreign > kMostForeignTags; });
}

// One merge of one sighting: decides slot by slot which value stands.
class Merger {
 public:
  Merger(const std::optional<Stamp>& newest, OlderList& older, const Stamp& stamp)
      : newest_{newest}, older_{older}, stamp_{stamp}, is_newest_{!newest || stamp > *newest} {}

  // Whether the sighting's value replaces the one that stands. Keeps `older` in step.
  bool replaces(SlotGroup group, std::string_view name, bool has_current, bool has_incoming) {
    const auto found = find(group, name);
    const bool listed = found != older_.end() && found->group == group && found->name == name;
    if (!has_incoming) {
      if (is_newest_ && has_current && !listed) {
        older_.insert(found, {group, name, *newest_});  // no longer what the newest sighting said
      }
      return false;
    }
    if (is_newest_) {
      if (listed) {
        older_.erase(found);
      }
      return true;
    }
    if (!has_current) {
      if (listed) {
        found->stamp = stamp_;  // others may write a record that lists what it lacks
      } else {
        older_.insert(found, {group, name, stamp_});
      }
      return true;
    }
    // An unlisted value comes from the newest sighting, and this one is not newer than that.
    if (listed && stamp_ > found->stamp) {
      found->stamp = stamp_;
      return true;
    }
    return false;
  }

  void members(SlotGroup group, std::pmr::vector<Member>& into,
               const std::pmr::vector<Member>& incoming, std::optional<bool> license_replaced) {
    if (into.empty() && incoming.empty()) {
      return;
    }
    std::pmr::vector<Member> out{into.get_allocator()};
    out.reserve(into.size() + incoming.size());
    auto a = into.begin();
    auto b = incoming.begin();
    while (a != into.end() || b != incoming.end()) {
      const bool has_a = a != into.end() && (b == incoming.end() || a->name <= b->name);
      const bool has_b = b != incoming.end() && (a == into.end() || b->name <= a->name);
      const std::string_view name = has_a ? a->name : b->name;
      const bool take_b = license_replaced && in_license_unit(name)
                              ? *license_replaced
                              : replaces(group, name, has_a, has_b);
      if (take_b && has_b) {
        out.push_back(*b);
      } else if (!take_b && has_a) {
        out.push_back(*a);
      }
      a += has_a ? 1 : 0;
      b += has_b ? 1 : 0;
    }
    into = std::move(out);
  }

  void tags(std::string_view own, std::pmr::vector<Tag>& into,
            const std::pmr::vector<Tag>& incoming) {
    const auto is_own = [&](const Tag& tag) { return tag.provider == own; };
    const bool take = replaces(SlotGroup::field, kTagsUnit, std::ranges::any_of(into, is_own),
                               std::ranges::any_of(incoming, is_own));
    std::pmr::vector<Tag> out{into.get_allocator()};
    out.reserve(into.size() + incoming.size());
    for (const Tag& tag : into) {
      if (!take || !is_own(tag)) {
        out.push_back(tag);
      }
    }
    for (const Tag& tag : incoming) {
      if (take || !is_own(tag)) {
        out.push_back(tag);
      }
    }
    std::sort(out.begin(), out.end(), tag_less);
    out.erase(std::unique(out.begin(), out.end(), tag_equal), out.end());
    cut_foreign_tags(out, own);
    into = std::move(out);
  }

  bool is_newest() const { return is_newest_; }

 private:
  OlderList::iterator find(SlotGroup group, std::string_view name) {
    return std::lower_bound(older_.begin(), older_.end(), std::pair{group, name},
                            [](const Older& entry, const auto& key) {
                              return std::pair{entry.group, entry.name} < key;
                            });
  }

  const std::optional<Stamp>& newest_;
  OlderList& older_;
  const Stamp stamp_;
  const bool is_newest_;
};

void unite(std::pmr::vector<std::string_view>& into,
           const std::pmr::vector<std::string_view>& incoming, std::size_t most) {
  if (incoming.empty()) {
    return;
  }
  into.insert(into.end(), incoming.begin(), incoming.end());
  sort_distinct(into);
  cut(into, most);
}

bool has_value(const Work& work, SlotGroup group, std::string_view name) {
  const auto among = [&](const std::pmr::vector<Member>& members) {
    return std::ranges::find(members, name, &Member::name) != members.end();
  };
  if (group == SlotGroup::meta_data) {
    return among(work.meta_data);
  }
  if (group == SlotGroup::audio_set) {
    return among(work.audio_set);
  }
  if (name == kTagsUnit) {
    return std::ranges::any_of(work.tags,
                               [&](const Tag& tag) { return tag.provider == work.provider; });
  }
  const auto field = parse_field(name);
  return field ? !work.at(*field).empty() : among(work.others);
}

}  // namespace

void forget_absent(OlderList& older, const Work& work) {
  std::erase_if(older,
                [&](const Older& entry) { return !has_value(work, entry.group, entry.name); });
}

void normalise(Work& work, Arena& arena) {
  normalise_members(work.meta_data, arena);
  normalise_members(work.audio_set, arena);
  normalise_members(work.others, arena);
  if (work.at(Field::license).empty()) {
    work.at(Field::license_version) = {};
    std::erase_if(work.meta_data, [](const Member& m) { return in_license_unit(m.name); });
  }
  if (!std::is_sorted(work.tags.begin(), work.tags.end(), tag_less)) {
    std::sort(work.tags.begin(), work.tags.end(), tag_less);
  }
  work.tags.erase(std::unique(work.tags.begin(), work.tags.end(), tag_equal), work.tags.end());
  cut_foreign_tags(work.tags, work.provider);
  sort_distinct(work.genres);
  cut(work.genres, kMostGenres);
  for (std::string_view& file : work.alt_files) {
    file = strip_nulls(file, arena);
  }
  sort_distinct(work.alt_files);
  cut(work.alt_files, kMostAltFiles);
}

void merge(Work& into, std::optional<Stamp>& newest, OlderList& older, const Work& sighting,
           const Stamp& stamp) {
  if (!newest) {
    into = sighting;
    newest = stamp;
    return;
  }
  if (stamp == *newest) {
    return;  // the same sighting again
  }
  Merger merger{newest, older, stamp};
  const bool license_replaced =
      merger.replaces(SlotGroup::field, kLicenseUnit, !into.at(Field::license).empty(),
                      !sighting.at(Field::license).empty());
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const auto field = static_cast<Field>(i);
    const bool take = in_license_unit(field)
                          ? license_replaced
                          : merger.replaces(SlotGroup::field, to_string(field),
                                            !into.at(field).empty(), !sighting.at(field).empty());
    if (take) {
      into.at(field) = sighting.at(field);
    }
  }
  into.url = into.at(Field::url) == sighting.at(Field::url) ? sighting.url : into.url;
  merger.members(SlotGroup::meta_data, into.meta_data, sighting.meta_data, license_replaced);
  merger.members(SlotGroup::audio_set, into.audio_set, sighting.audio_set, std::nullopt);
  merger.members(SlotGroup::field, into.others, sighting.others, std::nullopt);
  merger.tags(into.provider, into.tags, sighting.tags);
  unite(into.genres, sighting.genres, kMostGenres);
  unite(into.alt_files, sighting.alt_files, kMostAltFiles);
  if (merger.is_newest()) {
    newest = stamp;
  }
}

}  // namespace freshet
