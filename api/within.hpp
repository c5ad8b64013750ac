#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "api/stores.hpp"
#include "core/deadline.hpp"

namespace freshet::api {

/// Begins something that cannot be taken back and waits for its outcome until the deadline.
///
/// What comes later is thrown away: neither a thread that hangs nor a look-up of a name that the
/// system goes on with keeps the coroutine. The executor must run its handlers one at a time, as
/// those of the server's threads do, and its context must be there when the outcome comes.
///
/// @param begin  gets a function that takes the outcome, from any thread, at most once.
/// @return nothing when the deadline passed first.
template <class T>
Task<std::optional<T>> within(Deadline deadline,
                              std::function<void(std::function<void(T)> deliver)> begin) {
  struct Waiting {
    explicit Waiting(const boost::asio::any_io_executor& executor) : timer{executor} {}
    boost::asio::steady_timer timer;
    std::optional<T> outcome;
  };
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const auto waiting = std::make_shared<Waiting>(executor);
  waiting->timer.expires_at(deadline.at());
  // Not owned by who delivers: it may hold on to this for longer than the timer's context is there.
  begin([weak = std::weak_ptr{waiting}, executor](T outcome) {
    boost::asio::post(executor, [weak, outcome = std::move(outcome)]() mutable {
      if (const auto still = weak.lock()) {
        still->outcome = std::move(outcome);
        still->timer.cancel();
      }
    });
  });
  co_await waiting->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  co_return std::move(waiting->outcome);
}

}  // namespace freshet::api
