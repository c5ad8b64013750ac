#include <algorithm>

#include "processors/clean/fields.hpp"
#include "processors/record/json_text.hpp"

namespace freshet::clean {
namespace {

constexpr std::string_view kUrlName = "license_url";
constexpr std::string_view kRawName = "raw_license_url";

// JSON text of a member, empty where there is none.
std::string_view member_json(const std::pmr::vector<Member>& members, std::string_view name) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [name](const Member& member) { return member.name == name; });
  return found == members.end() ? std::string_view{} : found->json;
}

void put_member(std::pmr::vector<Member>& members, std::string_view name, std::string_view json) {
  const auto place = std::lower_bound(
      members.begin(), members.end(), name,
      [](const Member& member, std::string_view key) { return member.name < key; });
  if (place != members.end() && place->name == name) {
    place->json = json;
  } else {
    members.insert(place, {name, json});
  }
}

std::optional<License> pair_of(const Workspace& space) {
  const Scalar& slug = space.in.at(Field::license);
  const Scalar& version = space.in.at(Field::license_version);
  if (slug.kind != Kind::text || (version.kind != Kind::text && version.kind != Kind::number)) {
    return std::nullopt;
  }
  return license_of_pair(slug.text, version.text);
}

// What an earlier cleaning kept: the URL as it was given, else the licence's own URL, with the
// pair.
std::optional<License> earlier_license(Workspace& space, std::string_view raw) {
  Arena& arena = space.texts.arena();
  if (const auto url = decode_json_text(raw, arena)) {
    if (const auto license = space.licenses.find(*url)) {
      return license;
    }
  }
  const auto pair = pair_of(space);
  const auto url = decode_json_text(member_json(space.work.meta_data, kUrlName), arena);
  const auto license = url ? space.licenses.find(*url) : std::nullopt;
  // A pair whose own URL this is says more than the URL: version 2.1 has the URL of 2.0.
  return !license || (pair && pair->url == license->url) ? pair : license;
}

}  // namespace

bool set_license(Workspace& space) {
  Work& work = space.work;
  const Scalar& given = space.in.at(Aid::license_url);
  std::optional<License> license;
  std::string_view raw = "null";
  if (given.given()) {
    // meta_data is the provider's here; what it says of licences does not count.
    if (given.kind == Kind::text) {
      // In the kept form, in which it is looked up again when this is cleaned again.
      const Kept kept = *space.texts.keep(given);
      license = space.licenses.find(kept.text);
      raw = kept.json;
    }
    license = license ? license : pair_of(space);
  } else {
    const std::string_view kept = member_json(work.meta_data, kRawName);
    raw = kept.empty() ? raw : kept;
    license = earlier_license(space, raw);
  }
  if (!license) {
    return false;
  }
  work.at(Field::license) = space.texts.copy_clean(license->terms.slug).json;
  work.at(Field::license_version) = space.texts.copy_clean(license->terms.version).json;
  put_member(work.meta_data, kUrlName, space.texts.copy_clean(license->url).json);
  put_member(work.meta_data, kRawName, raw);
  return true;
}

}  // namespace freshet::clean
