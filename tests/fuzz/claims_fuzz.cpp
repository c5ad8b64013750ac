// Claims on URLs and verdicts: pairs of lines, key and value, no value for a release. The first
// byte says whether what the store has under a URL is left as it was written or begins with other
// bytes.
#include <algorithm>
#include <map>

#include "core/topics.hpp"
#include "processors/stages/urls/urls.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

class MapClaims final : public ClaimStore {
 public:
  bool get(std::string_view key, std::string& value) override {
    const auto found = entries.find(key);
    if (found != entries.end()) {
      value = found->second;
    }
    return found != entries.end();
  }
  void each(std::string_view url,
            const std::function<bool(std::string_view, std::string_view)>& visit) override {
    for (auto it = entries.lower_bound(url); it != entries.end() && it->first.starts_with(url);
         ++it) {
      if (!visit(it->first, it->second)) {
        return;
      }
    }
  }
  std::map<std::string, std::string, std::less<>> entries;
};

class CheckedVerdicts final : public UrlsOutput {
 public:
  explicit CheckedVerdicts(bool is_damaged) : is_damaged_{is_damaged} {}
  void verdict(std::string_view work_key, const UrlHash& url, std::string_view owner) override {
    std::string key;
    append_verdict_key(key, work_key, url);
    std::string value;
    append_verdict(value, owner);
    const auto read = parse_verdict(key, value);
    require(is_damaged_ || (read && read->work_key == work_key && read->owner == owner),
            "a verdict reads back", key, value);
  }
  void dead_letter(const Error& error) override {
    require(error.retry() == Retry::never, "a refused claim is refused for good");
  }

 private:
  bool is_damaged_;
};

void check_claim(std::string_view key, std::optional<std::string_view> value) {
  static_cast<void>(parse_verdict(key, value.value_or("")));
  const auto claim = parse_claim(key, value);
  if (!claim) {
    return;
  }
  std::string again_key;
  append_claim_key(again_key, to_hex(claim->url), claim->work_key);
  require(again_key == key, "the key of a claim reads back", again_key, key);
  if (claim->is_release) {
    return;
  }
  std::string again;
  append_claim(again, claim->created_on, claim->answer);
  const auto read = parse_claim(key, again);
  require(read && read->created_on == claim->created_on && read->answer == claim->answer,
          "a claim reads back", again, *value);
}

void check(std::string_view input) {
  if (input.empty()) {
    return;
  }
  const bool is_damaged = input.front() == '!';
  input.remove_prefix(1);
  MapClaims store;
  Urls urls{0, 1, store};
  CheckedVerdicts output{is_damaged};
  std::int64_t offset = 0;
  while (!input.empty() && offset < 16) {
    const std::string_view key = take_line(input);
    const std::string_view line = take_line(input);
    const auto value = line.empty() ? std::nullopt : std::optional{line};
    check_claim(key, value);
    urls.apply({key, value, schema_header::kUrlClaim, offset++}, output);
    urls.finish(output);
    for (const auto& [entry, bytes] : urls.changes()) {
      if (bytes) {
        store.entries.insert_or_assign(
            entry, is_damaged ? bytes->substr(static_cast<std::size_t>(offset % 9)) : *bytes);
      } else {
        store.entries.erase(entry);
      }
    }
    urls.commit();
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
