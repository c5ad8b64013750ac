#include "api/links.hpp"

#include <atomic>
#include <charconv>
#include <mutex>
#include <utility>

#include "api/within.hpp"

namespace freshet::api {
namespace {

// As upstream names them, behind a prefix of ours.
std::string status_key(const std::string& url) { return "freshet:valid:" + url; }
std::string mask_key(const std::string& query) { return "freshet:" + query + ":dead_link_mask"; }

std::optional<int> read_status(const std::optional<std::string>& text) {
  int status = 0;
  if (!text ||
      std::from_chars(text->data(), text->data() + text->size(), status).ec != std::errc{}) {
    return std::nullopt;
  }
  return status;
}

/// What those that are waited for have become so far, from the threads that ask.
struct Gathering {
  explicit Gathering(std::size_t count) : statuses(count), left{count} {}
  std::mutex mutex;
  std::vector<std::optional<int>> statuses;
  std::size_t left;
  std::function<void(bool)> all_there;
};

PageMask read_mask(const std::vector<std::optional<std::string>>& found, std::size_t place) {
  return place < found.size() && found[place] && is_page_mask(*found[place]) ? *found[place]
                                                                             : PageMask{};
}

}  // namespace

Task<LinkLook> CheckedLinks::look(std::vector<Link> links, std::string query) {
  std::vector<std::string> keys;
  for (const Link& link : links) {
    keys.push_back(status_key(link.url));
  }
  if (!query.empty()) {
    keys.push_back(mask_key(query));
  }
  LinkLook look;
  std::vector<LinkState>& states = look.states;
  states.assign(links.size(), LinkState::unknown);
  if (keys.empty()) {
    co_return look;
  }
  const auto known = co_await memory_.find(std::move(keys));
  if (!query.empty()) {
    look.mask = read_mask(known, links.size());
  }
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (const auto status = i < known.size() ? read_status(known[i]) : std::nullopt) {
      states[i] = link_state(links[i].provider, *status);
    } else if (!links[i].url.empty()) {
      asked.push_back(i);
    }
  }
  if (asked.empty()) {
    co_return look;
  }
  const auto gathering = std::make_shared<Gathering>(asked.size());
  const auto begin = [&] {
    for (std::size_t place = 0; place < asked.size(); ++place) {
      const Link& link = links[asked[place]];
      checker_.check(link.url, [gathering, place, link, &memory = memory_,
                                &log = log_](std::optional<int> status) {
        if (status) {
          memory.put(status_key(link.url), std::to_string(*status), link_status_life(*status));
          log.note(link, *status);
        }
        const std::lock_guard lock{gathering->mutex};
        gathering->statuses[place] = status;
        if (--gathering->left == 0 && gathering->all_there) {
          gathering->all_there(true);
        }
      });
    }
  };
  if (wait_.count() == 0) {
    begin();
    co_return look;
  }
  std::function<void(std::function<void(bool)>)> wait_for_all =
      [&](const std::function<void(bool)>& deliver) {
        {
          const std::lock_guard lock{gathering->mutex};
          gathering->all_there = deliver;
        }
        begin();
      };
  co_await within<bool>(Deadline::in(wait_), std::move(wait_for_all));
  const std::lock_guard lock{gathering->mutex};
  gathering->all_there = nullptr;
  for (std::size_t place = 0; place < asked.size(); ++place) {
    if (const auto status = gathering->statuses[place]) {
      states[asked[place]] = link_state(links[asked[place]].provider, *status);
    }
  }
  co_return look;
}

Task<PageMask> CheckedLinks::mask(std::string query) {
  std::vector<std::string> keys{mask_key(query)};
  const auto found = co_await memory_.find(std::move(keys));
  co_return read_mask(found, 0);
}

void CheckedLinks::keep_mask(std::string query, PageMask mask) {
  memory_.put(mask_key(query), std::move(mask), kMaskLife);
}

}  // namespace freshet::api
