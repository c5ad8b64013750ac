#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/accounts.hpp"
#include "api/api_metrics.hpp"
#include "api/caller.hpp"
#include "api/change_feed.hpp"
#include "api/freshness.hpp"
#include "api/limits.hpp"
#include "api/links.hpp"
#include "api/mailer.hpp"
#include "api/media.hpp"
#include "api/parameter.hpp"
#include "api/peaks.hpp"
#include "api/request_body.hpp"
#include "api/side_threads.hpp"
#include "api/sources.hpp"
#include "api/stores.hpp"
#include "api/thumbnails.hpp"
#include "api/usage/usage_log.hpp"

namespace freshet::api {

/// What every endpoint may use. All of it outlives the calls; copied at will.
struct Services {
  SearchIndex& index;
  WorkStore& store;
  SourceDirectory& sources;
  ApiMetrics& metrics;
  AccountStore& accounts;
  ReportStore& reports;
  Limiter& limiter;
  Mailer& mailer;
  Thumbnails& thumbnails;
  PeaksStore& peaks;
  Links& links;
  std::string_view environment;  ///< name of the installation
  UsageLog& usage;
  ChangeFeed& changes;
  Freshness& freshness;
  std::string_view dump_dir;  ///< folder of dumps; empty: there are none
  SideThreads& files;         ///< that read them
};

/// One call of an endpoint: the request, and what was found out about it before.
struct Call {
  Request request;
  Media media = Media::image;  ///< of `{media}`, or as the path spells it
  std::string identifier;      ///< of `{id}`
  std::string text;            ///< of `{text}` or `{rest}`
  Caller caller;
  Body body;
  /// What the stores are asked for has to be there by then; they are not waited for any longer.
  Deadline deadline;
};

/// HEAD goes where GET goes, OPTIONS everywhere.
enum class Method { get, post, put, patch, del, any };

/// What a reply may be written in, as `?format=` names it: of an API view JSON alone, of the
/// OpenAPI document also YAML. Pages for people do not look at it.
enum class Formats { json, json_or_yaml, any };

/// From a request's arrival to its reply, for all that the stores are asked together.
constexpr std::chrono::milliseconds kRequestLimit{5'000};

/// A reply that an endpoint gives where all is well, or in a way of its own. What every endpoint
/// may answer (401, 403, 429, …) follows from its row.
struct Outcome {
  unsigned status = 200;
  std::string_view meaning = {};
  /// Name of a schema in schemas/openapi.json; `{Media}` in it is Image or Audio. Empty: no body,
  /// or one of `content_type` that has no schema.
  std::string_view schema = {};
  std::string_view content_type = "application/json";
};

/// A row of the one table of what may be called: a method of a path, and all that holds for it.
/// Routing, 404, 405 with `Allow`, 413, 415, 429, OPTIONS, the OpenAPI document and the page at
/// `/v1/` follow from these rows.
struct Endpoint {
  /// Name as the label of metrics and in logs; rows of one path have one name.
  std::string_view name;
  Method method = Method::get;
  /// With its slash at the end; one without is answered with and without. A part in braces is
  /// `{media}` (images or audio), `{id}` (a UUID of version 4 in lower case), `{text}` (anything
  /// without a slash), or, at the end, `{rest}` (anything, nothing too; without redirect).
  std::string_view path;
  std::string_view summary = {};  ///< for people; empty: not listed
  std::span<const Parameter> parameters = {};
  std::span<const Parameter> fields = {};  ///< of the body
  std::span<const Outcome> outcomes = {};
  Access access = Access::anyone;
  Limits limits = Limits::none;
  int cost = 1;  ///< in units, where limits go by cost
  Formats formats = Formats::json;
  BodyRule body = {};
  std::chrono::milliseconds limit = kRequestLimit;
  /// How long anyone may keep a 200; 0: not said, for what must not be kept.
  std::chrono::seconds cache{0};
  Task<Reply> (*answer)(Services services, Call call) = nullptr;
};

}  // namespace freshet::api
