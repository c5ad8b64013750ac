#pragma once

#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/http_client.hpp"
#include "core/metrics.hpp"
#include "thumbnails/decoder.hpp"
#include "thumbnails/failures.hpp"
#include "thumbnails/picture_cache.hpp"

namespace freshet::thumbnails {

/// What is to be made of the file at a URL.
struct Ask {
  Kind kind = Kind::picture;
  std::string url;
  std::uint32_t width = 0;  ///< pixels, at most; 0: as wide as it is
  std::uint32_t quality = 80;
  Format format = Format::plain;
};

enum class Verdict {
  made,
  unsupported,  ///< no kind of file that is read here
  failed,       ///< the source did not give it, or it cannot be decoded
  overloaded,   ///< too many are asked for
};

/// As metrics call it.
std::string_view to_string(Verdict verdict);

struct Answer {
  Verdict verdict = Verdict::failed;
  std::string type;
  std::string bytes;  ///< or why there are none, fit for anybody: nothing of what the source said
};

/// What is bounded of one kind. Each kind has threads and places of its own, so that neither waits
/// for the other.
struct KindBounds {
  std::size_t file_bytes;
  std::chrono::milliseconds fetch;  ///< with all redirects
  std::chrono::milliseconds decode;
  /// Who asked has given up after this: what did not come to its turn until then is not begun.
  std::chrono::milliseconds patience;
  int threads;
  std::size_t under_way;  ///< different files, with those that wait
  std::size_t
      host_at_once;  ///< files of one host that are made at a time: a slow one leaves threads
  std::size_t host_waiting;  ///< and that wait for these
};

/// What is bounded, and how; tests have their own.
struct Bounds {
  KindBounds pictures{.file_bytes = 12'000'000,
                      .fetch = std::chrono::seconds{8},
                      .decode = std::chrono::seconds{8},
                      .patience = std::chrono::seconds{15},
                      .threads = 16,
                      .under_way = 512,
                      .host_at_once = 4,
                      .host_waiting = 128};
  /// Each thread holds a recording in memory.
  KindBounds recordings{.file_bytes = 100'000'000,
                        .fetch = std::chrono::seconds{45},
                        .decode = std::chrono::seconds{30},
                        .patience = std::chrono::seconds{45},
                        .threads = 2,
                        .under_way = 32,
                        .host_at_once = 2,
                        .host_waiting = 32};
  std::uint64_t pixels = 100'000'000;
  std::uint64_t memory_bytes = 1ULL << 30U;  ///< of a process that decodes
  std::uint32_t points = 1'000;              ///< of peaks
};

/// Fetches files, has them decoded, and keeps the pictures. Many who ask for one thing at once have
/// it fetched once.
/// @thread_safety  All of it.
class Maker {
 public:
  using ClientFactory = std::function<std::unique_ptr<http::HttpClient>()>;
  /// As `Decoder::decode`.
  using Decode = std::function<Decoded(std::string_view file, const Job& job)>;

  /// @param make_client  that asks only what is public; one for each thread
  /// @param stop  what fails once it was asked for is no file's fault
  Maker(const Bounds& bounds, ClientFactory make_client, Decode decode, PictureCache& cache,
        Metrics& metrics, std::stop_token stop = {});
  ~Maker();
  Maker(const Maker&) = delete;
  Maker& operator=(const Maker&) = delete;

  using Deliver = std::function<void(const Answer&)>;
  /// @param deliver  is called once: at once, or from a thread of ours.
  void ask(const Ask& asked, Deliver deliver);

 private:
  using Clock = std::chrono::steady_clock;

  /// A file that is to be made, and whose it is.
  struct Task {
    Ask asked;
    std::string key;
    std::string host;
  };
  /// Those who wait for it.
  struct UnderWay {
    std::vector<Deliver> waiting;
    Clock::time_point asked_at;  ///< by the last of them
  };
  struct Host {
    std::size_t at_once = 0;
    std::deque<Task> waiting;
  };
  /// Files of one kind.
  struct Lane {
    explicit Lane(const KindBounds& b) : bounds{b}, threads{static_cast<std::size_t>(b.threads)} {}
    const KindBounds bounds;
    std::map<std::string, UnderWay, std::less<>> under_way;
    std::map<std::string, Host, std::less<>> hosts;  ///< of those under way
    boost::asio::thread_pool threads;
  };
  /// What became of somebody who asks.
  enum class Place { refused, shared, waits, begins };

  Lane& lane_of(Kind kind) { return kind == Kind::picture ? pictures_ : recordings_; }
  Place take_place(Lane& lane, const Task& task, Deliver& deliver);
  void begin(Lane& lane, Task task);
  void run(Lane& lane, const Task& task);
  bool is_waited_for(Lane& lane, const Task& task);
  Answer make(const Ask& asked);
  Result<std::string> fetch(const Ask& asked);
  void count(Kind kind, std::string_view how);

  const Bounds bounds_;
  const ClientFactory make_client_;
  const Decode decode_;
  PictureCache& cache_;
  Metrics& metrics_;
  const std::stop_token stop_;
  Gauge& cache_bytes_;
  Histogram& fetch_seconds_;
  Failures failures_;
  std::mutex mutex_;  // guards the clients and, of the lanes, all but their threads
  std::vector<std::unique_ptr<http::HttpClient>> idle_;
  Lane pictures_;
  Lane recordings_;
};

}  // namespace freshet::thumbnails
