#include "api/side_threads.hpp"

namespace freshet::api {

SideThreads::SideThreads(int threads, std::size_t most_waiting) : most_waiting_{most_waiting} {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
  }
}

void SideThreads::end() {
  for (std::jthread& thread : threads_) {
    thread.request_stop();
  }
  threads_.clear();  // joins
}

bool SideThreads::enqueue(std::function<void()> job) {
  {
    const std::scoped_lock lock{mutex_};
    if (queue_.size() >= most_waiting_) {
      return false;
    }
    queue_.push_back(std::move(job));
  }
  arrived_.notify_one();
  return true;
}

void SideThreads::serve(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock{mutex_};
    if (!arrived_.wait(lock, stop, [this] { return !queue_.empty(); }) || stop.stop_requested()) {
      return;
    }
    const std::function<void()> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
  }
}

}  // namespace freshet::api
