#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/freshness.hpp"
#include "core/config.hpp"
#include "operate/lag.hpp"

namespace freshet::api {

/// Measures lag at the broker, on a thread of its own, while somebody asks: a measurement reads
/// what is unread, so none is made that nobody looks at. The API needs the broker for nothing else
/// that is asked, so nothing but this answer is lost with it.
class LagFreshness final : public Freshness {
 public:
  explicit LagFreshness(const Config& config);
  ~LagFreshness() override;

  Task<Result<std::string>> get(Deadline deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// `{"measured_at","seconds","stages":[{"stage","records","is_estimate","seconds","sources":[…]}]}`
std::string build_freshness(const std::vector<GroupLag>& groups, UtcTime measured_at);

}  // namespace freshet::api
