#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/key.hpp"
#include "core/topics.hpp"
#include "processors/stages/urls/urls.hpp"

namespace freshet {

/// Claims as committed, in memory.
class MapClaims final : public ClaimStore {
 public:
  using Change = std::pair<std::string, std::optional<std::string>>;

  bool get(std::string_view key, std::string& value) override {
    ++reads;
    const auto found = entries.find(key);
    if (found == entries.end()) {
      return false;
    }
    value = found->second;
    return true;
  }
  void each(std::string_view url,
            const std::function<bool(std::string_view, std::string_view)>& visit) override {
    for (auto it = entries.lower_bound(url); it != entries.end() && it->first.starts_with(url);
         ++it) {
      ++reads;
      if (!visit(it->first, it->second)) {
        return;
      }
    }
  }
  void write(const std::vector<Change>& changes) {
    for (const auto& [key, value] : changes) {
      if (value) {
        entries.insert_or_assign(key, *value);
      } else {
        entries.erase(key);
      }
    }
  }

  std::map<std::string, std::string, std::less<>> entries;
  std::int64_t reads = 0;  ///< entries that were looked at
};

struct Verdict {
  std::string work_key;
  std::string url;  ///< 32 hex digits
  std::string owner;
  friend bool operator==(const Verdict&, const Verdict&) = default;
  friend auto operator<=>(const Verdict&, const Verdict&) = default;
};

class ListVerdicts final : public UrlsOutput {
 public:
  void verdict(std::string_view work_key, const UrlHash& url, std::string_view owner) override {
    verdicts.push_back({std::string{work_key}, to_hex(url), std::string{owner}});
  }
  void dead_letter(const Error& error) override { letters.push_back(error); }

  std::vector<Verdict> verdicts;
  std::vector<Error> letters;
};

}  // namespace freshet
