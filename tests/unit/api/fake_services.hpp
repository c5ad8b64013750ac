#pragma once

#include "api/endpoints.hpp"
#include "api/routes.hpp"
#include "tests/unit/api/fake_accounts.hpp"
#include "tests/unit/api/fake_stores.hpp"

namespace freshet::api {

/// All that an endpoint is given but a limiter, made up; one source is registered, `met`.
struct FakeServices {
  Services with(Limiter& limiter) {
    return {index, store, sources, metrics, accounts, reports, limiter, mailer, "test"};
  }

  FakeIndex index;
  FakeStore store;
  SourceDirectory sources{read_source_registry(
      R"([{"name":"met","display_name":"Met","source_url":"https://m","media_types":["image"]}])")};
  Metrics registry;
  ApiMetrics metrics{registry};
  FakeAccounts accounts;
  FakeReports reports;
  FakeMailer mailer;
  const Router router{endpoints()};
};

}  // namespace freshet::api
