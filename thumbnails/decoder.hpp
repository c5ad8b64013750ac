#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <string_view>

#include "core/metrics.hpp"
#include "thumbnails/job.hpp"

namespace freshet::thumbnails {

/// Files that are decoded at a time; more wait. Recordings take long, so they have places of their
/// own: pictures do not wait for them.
struct Slots {
  int pictures = 1;
  int recordings = 1;
};

/// What became of a file.
struct Decoded {
  Fate fate = Fate::none;
  std::string type;   ///< media type of the bytes
  std::string bytes;  ///< or why there are none
};

/// Lets files be decoded by `freshet-decode`, one process each, of which none has rights or memory
/// to do harm (docs/adr/0023). Nothing of a file is looked at here.
/// @thread_safety  All of it.
class Decoder {
 public:
  /// @param program  path of `freshet-decode`
  /// @error StartupError when the program cannot be started.
  Decoder(std::string program, Slots slots, Metrics& metrics);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Blocks until it is decoded, which takes no longer than the job's limit and a wait for others.
  /// @return Fate::none where its process died or was killed; Fate::not_tried where the file is not
  ///         at fault: it never came to its turn, was not handed over, or we were stopped
  Decoded decode(std::string_view file, const Job& job);

  /// Ends the program for good; what is being decoded comes to nothing.
  void stop();
  /// Whether the program runs; one that died is started again.
  bool is_running();

 private:
  struct Program {
    pid_t pid = -1;
    int socket = -1;
  };

  void start();
  void end();
  bool hand_over(const Job& job, int file, int out);

  const std::string path_;
  std::counting_semaphore<> free_pictures_;
  std::counting_semaphore<> free_recordings_;
  Counter& starts_;
  std::mutex mutex_;  // guards the program
  Program program_;
  bool is_stopped_ = false;
};

/// Where `freshet-decode` lies: beside this program, or where it is installed.
/// @error StartupError when it is in neither place
std::string decoder_path();

}  // namespace freshet::thumbnails
