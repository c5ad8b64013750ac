#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "api/http_message.hpp"
#include "api/web/ops/ops_gate.hpp"
#include "api/web/site.hpp"
#include "core/json.hpp"
#include "core/ops_view.hpp"

namespace freshet::api::web {

/// The page for operators: `/ops/`, its live changes at `/ops/events`, its figures as JSON at
/// `/ops/figures`. It is in English, and changes nothing: what is to be done is shown as a command.
/// Shared by all threads.
class OpsPage {
 public:
  static constexpr int kMostWatchers = 20;

  OpsPage(OpsView& view, std::string password_hash, OpsGate::Proxy proxy = OpsGate::Proxy::none)
      : view_{view}, gate_{std::move(password_hash), proxy} {}

  /// Whether a path is one of these.
  static bool is_ours(std::string_view path);

  /// @param request  outlives the call
  Task<Reply> answer(std::shared_ptr<const Site> site, const Request& request);
  /// Ends its thread. No request may be under way any more; streams may.
  void end() { gate_.end(); }

 private:
  Reply page(const Site& site);
  Reply events(std::shared_ptr<const Site> site);

  OpsView& view_;
  OpsGate gate_;
  std::atomic<int> watchers_ = 0;
};

/// What changes on the page, as HTML: each of its parts is a `section` with an id.
/// @param figures  as `OpsView` has them
std::string ops_parts(const Site& site, const json::value& figures);

/// Fills `ops-live.html`.
void add_ops_figures(Dictionary& live, const json::value& figures);

}  // namespace freshet::api::web
