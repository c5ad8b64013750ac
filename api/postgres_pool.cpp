#include "api/postgres_pool.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "core/check.hpp"

namespace freshet::api {
namespace {

// A page waits for one of these; deeper than this it would be given up by its caller anyway.
constexpr std::size_t kMaxQueued = 512;
constexpr std::chrono::seconds kReachLimit{5};

}  // namespace

struct PostgresPool::Impl {
  /// What waits for a connection. Its caller is gone when the deadline is over.
  struct Waiting {
    Deadline deadline;
    Job job;
  };

  Impl(postgres::ConnectionOptions given, int connections) : options{std::move(given)} {
    for (int i = 0; i < connections; ++i) {
      threads.emplace_back([this](const std::stop_token& stop) { serve(stop); });
    }
  }

  ~Impl() {
    for (std::jthread& thread : threads) {
      thread.request_stop();
    }
    threads.clear();  // joins; the queue below is destroyed after
  }

  void serve(const std::stop_token& stop) {
    postgres::Connection connection{options};
    for (;;) {
      std::unique_lock lock{mutex};
      if (!arrived.wait(lock, stop, [this] { return !queue.empty(); })) {
        return;
      }
      const Waiting next = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      if (!next.deadline.is_over()) {
        next.job(connection, stop);
      }
    }
  }

  const postgres::ConnectionOptions options;
  std::mutex mutex;
  std::condition_variable_any arrived;
  std::deque<Waiting> queue;
  std::vector<std::jthread> threads;
};

PostgresPool::PostgresPool(postgres::ConnectionOptions options, int connections)
    : impl_{std::make_unique<Impl>(std::move(options), connections)} {}

PostgresPool::~PostgresPool() = default;

bool PostgresPool::enqueue(Deadline deadline, Job job) {
  {
    const std::scoped_lock lock{impl_->mutex};
    auto& queue = impl_->queue;
    // Those that nobody waits for any more do not keep the living ones out.
    while (!queue.empty() && queue.front().deadline.is_over()) {
      queue.pop_front();
    }
    if (queue.size() >= kMaxQueued) {
      return false;
    }
    queue.push_back({deadline, std::move(job)});
  }
  impl_->arrived.notify_one();
  return true;
}

void PostgresPool::check_reachable() const {
  postgres::Connection connection{impl_->options};
  const std::function<bool(pqxx::connection_base&)> read = [](pqxx::connection_base& open) {
    pqxx::nontransaction session{open};
    session.exec1("select 1");
    return true;
  };
  const auto answer = attempt<bool>(connection, Deadline::in(kReachLimit), {}, read);
  if (!answer) {
    throw StartupError{"postgres.dsn: " + answer.error().message()};
  }
}

}  // namespace freshet::api
