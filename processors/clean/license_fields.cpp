#include <algorithm>

#include "processors/clean/fields.hpp"
#include "processors/json_text.hpp"

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

std::optional<License> pair_of(const Bench& bench) {
  const Scalar& slug = bench.in.at(Field::license);
  const Scalar& version = bench.in.at(Field::license_version);
  if (slug.kind != Kind::text || (version.kind != Kind::text && version.kind != Kind::number)) {
    return std::nullopt;
  }
  return license_of_pair(slug.text, version.text);
}

// What an earlier cleaning kept: the URL as it was given, else the licence's own URL, with the
// pair.
std::optional<License> earlier_license(Bench& bench, std::string_view raw) {
  Arena& arena = bench.texts.arena();
  if (const auto url = decode_json_text(raw, arena)) {
    if (const auto license = bench.licenses.find(*url)) {
      return license;
    }
  }
  const auto pair = pair_of(bench);
  const auto url = decode_json_text(member_json(bench.work.meta_data, kUrlName), arena);
  const auto license = url ? bench.licenses.find(*url) : std::nullopt;
  // A pair whose own URL this is says more than the URL: version 2.1 has the URL of 2.0.
  return !license || (pair && pair->url == license->url) ? pair : license;
}

}  // namespace

bool set_license(Bench& bench) {
  Work& work = bench.work;
  const Scalar& given = bench.in.at(Aid::license_url);
  std::optional<License> license;
  std::string_view raw = "null";
  if (given.given()) {
    // meta_data is the provider's here; what it says of licences does not count.
    if (given.kind == Kind::text) {
      license = bench.licenses.find(given.text);
      raw = bench.texts.keep(given)->json;
    }
    license = license ? license : pair_of(bench);
  } else {
    const std::string_view kept = member_json(work.meta_data, kRawName);
    raw = kept.empty() ? raw : kept;
    license = earlier_license(bench, raw);
  }
  if (!license) {
    return false;
  }
  work.at(Field::license) = bench.texts.copy_clean(license->terms.slug).json;
  work.at(Field::license_version) = bench.texts.copy_clean(license->terms.version).json;
  put_member(work.meta_data, kUrlName, bench.texts.copy_clean(license->url).json);
  put_member(work.meta_data, kRawName, raw);
  return true;
}

}  // namespace freshet::clean
