#include "ownership_model.hpp"

#include <algorithm>
#include <cctype>

namespace freshet::reference {

std::string plain_url(std::string url) {
  url = url.substr(0, url.find('#'));
  url = url.substr(0, url.find("?utm_"));
  url = url.substr(url.find("://") + 3);
  const std::size_t slash = url.find('/');
  std::string host = url.substr(0, slash);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  host = host.substr(0, host.find(':'));
  return host + url.substr(slash);
}

std::map<std::string, Ownership> expect_owners(
    const std::map<std::string, std::vector<Event>>& events) {
  std::map<std::string, Expected> works;
  for (const auto& [key, list] : events) {
    works[key] = expect(list);
  }
  // A work has its URL while its source has the work, whatever was decided about it.
  const auto has_url = [](const Expected& work) {
    const bool removed =
        work.removed_micros && work.newest_micros && *work.removed_micros > *work.newest_micros;
    return work.newest_micros && !removed;
  };
  const auto media_of = [](const std::string& key) { return key.substr(0, key.find(':')); };
  std::map<std::string, Ownership> owners;
  for (const auto& [key, work] : works) {
    Ownership& here = owners[key];
    here.status = work.status;
    if (!has_url(work)) {
      continue;
    }
    std::string owner = key;
    for (const auto& [other_key, other] : works) {
      if (has_url(other) && media_of(other_key) == media_of(key) &&
          plain_url(other.url) == plain_url(work.url) &&
          std::pair(other.created_millis, other_key) <
              std::pair(works.at(owner).created_millis, owner)) {
        owner = other_key;
      }
    }
    if (owner != key) {
      here.duplicate_of = owner;
      if (here.status == "live") {
        here.status = "duplicate";
      }
    }
  }
  return owners;
}

}  // namespace freshet::reference
