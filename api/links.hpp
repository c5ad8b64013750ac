#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/link_checker.hpp"
#include "api/link_log.hpp"
#include "api/link_memory.hpp"
#include "api/link_state.hpp"
#include "api/page_mask.hpp"

namespace freshet::api {

/// What is known of links, and of the query that they belong to.
struct LinkLook {
  std::vector<LinkState> states;  ///< of each, in their order
  PageMask mask;                  ///< of the query; empty: none
};

/// Which links are dead, and what pages were made of that.
/// @thread_safety  From the server's threads.
class Links {
 public:
  Links() = default;
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;
  virtual ~Links() = default;

  /// Whether links are looked at at all.
  virtual bool is_on() const = 0;
  /// Whether a search that does not say is answered without dead links.
  virtual bool filters_by_default() const = 0;
  /// What is not known is found out in the background, and waited for no longer than is set.
  /// @param query  whose mask is asked for in the same way to the memory; empty: of none
  virtual Task<LinkLook> look(std::vector<Link> links, std::string query) = 0;
  /// The mask of a query; empty: none.
  virtual Task<PageMask> mask(std::string query) = 0;
  virtual void keep_mask(std::string query, PageMask mask) = 0;
};

/// None is looked at: all are shown.
class NoLinks final : public Links {
 public:
  bool is_on() const override { return false; }
  bool filters_by_default() const override { return false; }
  Task<LinkLook> look(std::vector<Link> links, std::string) override {
    LinkLook look;
    look.states.assign(links.size(), LinkState::unknown);
    co_return look;
  }
  Task<PageMask> mask(std::string) override { co_return PageMask{}; }
  void keep_mask(std::string, PageMask) override {}
};

class CheckedLinks final : public Links {
 public:
  static constexpr std::chrono::hours kMaskLife{3};

  /// @param log  hears of each look
  /// @param wait  longest time that a search waits for what is not known yet; 0: it does not
  CheckedLinks(LinkMemory& memory, LinkChecker& checker, LinkLog& log,
               std::chrono::milliseconds wait, bool filters_by_default)
      : memory_{memory},
        checker_{checker},
        log_{log},
        wait_{wait},
        filters_by_default_{filters_by_default} {}

  bool is_on() const override { return true; }
  bool filters_by_default() const override { return filters_by_default_; }
  Task<LinkLook> look(std::vector<Link> links, std::string query) override;
  Task<PageMask> mask(std::string query) override;
  void keep_mask(std::string query, PageMask mask) override;

 private:
  LinkMemory& memory_;
  LinkChecker& checker_;
  LinkLog& log_;
  const std::chrono::milliseconds wait_;
  const bool filters_by_default_;
};

}  // namespace freshet::api
