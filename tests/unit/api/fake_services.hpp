#pragma once

#include "api/endpoints.hpp"
#include "api/routes.hpp"
#include "tests/unit/api/fake_accounts.hpp"
#include "tests/unit/api/fake_changes.hpp"
#include "tests/unit/api/fake_links.hpp"
#include "tests/unit/api/fake_stores.hpp"
#include "tests/unit/api/fake_thumbnails.hpp"
#include "tests/unit/api/fake_usage_log.hpp"

namespace freshet::api {

/// All that an endpoint is given but a limiter, made up; one source is registered, `met`.
struct FakeServices {
  Services with(Limiter& limiter) {
    return {index, store, sources, metrics, accounts, reports,   limiter,  mailer, thumbnails,
            peaks, links, "test",  usage,   changes,  freshness, dump_dir, files};
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
  FakeUsageLog usage;
  FakeChanges changes;
  FakeFreshness freshness;
  std::string dump_dir;
  SideThreads files{1, 64};
  FakeThumbnails thumbnails;
  FakePeaks peaks;
  FakeLinks links;
  const Router router{endpoints()};
};

}  // namespace freshet::api
