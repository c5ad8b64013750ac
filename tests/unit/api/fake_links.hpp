#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/links.hpp"

namespace freshet::api {

/// Knows which links are dead from the test; off until the test names one or switches it on.
class FakeLinks final : public Links {
 public:
  bool is_on() const override { return on; }
  bool filters_by_default() const override { return by_default; }
  Task<LinkLook> look(std::vector<Link> links, std::string query) override {
    ++asked;
    LinkLook look;
    for (const Link& link : links) {
      look.states.push_back(dead.contains(link.url) ? LinkState::dead : LinkState::unknown);
    }
    if (!query.empty()) {
      look.mask = masks[query];
    }
    co_return look;
  }
  Task<PageMask> mask(std::string query) override { co_return masks[query]; }
  void keep_mask(std::string query, PageMask mask) override { masks[query] = mask; }

  bool on = false;
  bool by_default = true;
  std::set<std::string> dead;
  std::map<std::string, PageMask> masks;
  int asked = 0;
};

}  // namespace freshet::api
