#include "api/identity.hpp"

#include <algorithm>

#include "api/lookups.hpp"
#include "api/secrets.hpp"
#include "core/text.hpp"

namespace freshet::api {
namespace {

bool has(const std::vector<std::string>& privileges,
         std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(privileges, [&](const std::string& privilege) {
    return std::ranges::find(names, privilege) != names.end();
  });
}

std::variant<Caller, Reply> judge(const std::optional<Application>& application) {
  if (!application) {
    return bad_token_reply();
  }
  if (application->is_revoked) {
    return error_reply(403, "You do not have permission to perform this action.");
  }
  return Caller{
      .is_authenticated = true,
      .may_have_large_pages = has(application->privileges, {"max_page_size", "page_size"}),
      .may_page_deep =
          has(application->privileges, {"max_result_count", "query_depth", "pagination_depth"}),
      .client_id = application->client_id,
      .application = application->name,
      .is_verified = application->is_verified,
      .model = application->model};
}

}  // namespace

Reply bad_token_reply() {
  Reply reply = error_reply(401, "Incorrect authentication credentials.");
  reply.headers = {{"WWW-Authenticate",
                    "Bearer realm=\"api\",error=\"invalid_token\","
                    "error_description=\"The access token is invalid.\""}};
  return reply;
}

Task<std::variant<Caller, Reply>> Identity::of(std::string authorization, Deadline deadline) {
  const std::size_t space = std::min(authorization.find(' '), authorization.size());
  if (lower_ascii(std::string_view{authorization}.substr(0, space)) != "bearer") {
    co_return Caller{};
  }
  const std::string_view token = trim_space(std::string_view{authorization}.substr(space));
  // No token of ours looks like that; such a one need not be asked for.
  constexpr std::size_t kLongest = 255;
  if (token.empty() || token.size() > kLongest) {
    co_return bad_token_reply();
  }
  std::string digest = digest_of(token);
  if (const auto found = by_digest_.find(digest); found != by_digest_.end()) {
    if (Clock::now() < found->second->until) {
      co_return judge(found->second->application);
    }
  }
  const auto owner = co_await accounts_.find_token(digest, deadline);
  if (!owner) {
    co_return store_failed(metrics_, "postgres", owner.error());
  }
  Known known{std::move(digest), std::nullopt, Clock::now() + kFor};
  if (*owner) {
    known.application = (*owner)->application;
    known.until = std::min(known.until, Clock::now() + (*owner)->left);
  }
  auto verdict = judge(known.application);
  keep(std::move(known));
  co_return verdict;
}

void Identity::keep(Known known) {
  if (const auto found = by_digest_.find(known.digest); found != by_digest_.end()) {
    const auto old = found->second;
    by_digest_.erase(found);
    known_.erase(old);
  }
  known_.push_front(std::move(known));
  by_digest_.emplace(known_.front().digest, known_.begin());
  if (known_.size() > kMost) {
    by_digest_.erase(known_.back().digest);
    known_.pop_back();
  }
}

}  // namespace freshet::api
