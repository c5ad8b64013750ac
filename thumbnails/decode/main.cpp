// Decodes files of strangers, each in a process of its own, which is forked for it and has next to
// no rights. Speaks with the role alone, on the socket that is its standard input; ends with it.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>

#include "thumbnails/decode/confine.hpp"
#include "thumbnails/decode/made.hpp"

namespace freshet::thumbnails {
namespace {

constexpr int kSocket = STDIN_FILENO;
constexpr int kLookAfterMs = 20;

struct Received {
  Job job;
  int file = -1;
  int out = -1;
};

/// @return nothing when the role is gone
std::optional<Received> receive() {
  Received received;
  iovec part{&received.job, sizeof received.job};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  do {
    size = recvmsg(kSocket, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  const cmsghdr* const head = CMSG_FIRSTHDR(&message);
  if (size != static_cast<ssize_t>(sizeof received.job) || head == nullptr ||
      head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(2 * sizeof(int))) {
    return std::nullopt;
  }
  std::array<int, 2> files{};
  std::memcpy(files.data(), CMSG_DATA(head), sizeof files);
  received.file = files[0];
  received.out = files[1];
  return received;
}

bool write_all(int file, const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = write(file, at, size);
    if (written < 0 && errno != EINTR) {
      return false;
    }
    const auto done = static_cast<std::size_t>(std::max<ssize_t>(written, 0));
    at += done;
    size -= done;
  }
  return true;
}

bool say(int file, const Made& made) {
  Outcome outcome{.fate = made.fate, .size = static_cast<std::uint32_t>(made.bytes.size())};
  std::copy_n(made.type.data(), std::min(made.type.size(), outcome.type.size() - 1),
              outcome.type.begin());
  return write_all(file, &outcome, sizeof outcome) &&
         write_all(file, made.bytes.data(), made.bytes.size());
}

/// It is small enough for an empty pipe, so nobody waits for who reads it.
void say_not_tried(int file, const char* why) {
  say(file, {.fate = Fate::not_tried, .type = "text/plain", .bytes = why});
}

/// The life of a process that decodes one file.
int decode(const Received& received) {
  struct stat about{};
  if (!confine(received.job)) {
    say_not_tried(received.out, "the decoder could not give up its rights");
    return 1;
  }
  if (fstat(received.file, &about) != 0 || about.st_size <= 0) {
    return 1;
  }
  const auto size = static_cast<std::size_t>(about.st_size);
  void* const mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, received.file, 0);
  if (mapped == MAP_FAILED) {
    return 1;
  }
  const File file{static_cast<const unsigned char*>(mapped), size};
  const Made made = received.job.kind == Kind::picture ? make_picture(file, received.job)
                                                       : make_peaks(file, received.job);
  return say(received.out, made) ? 0 : 1;
}

using Clock = std::chrono::steady_clock;

class Decoders {
 public:
  void start(const Received& received) {
    const pid_t pid = fork();
    if (pid == 0) {
      close(kSocket);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      signal(SIGPIPE, SIG_DFL);
      _exit(decode(received));  // what libraries would do at the end of a program is not wanted
    }
    if (pid < 0) {
      say_not_tried(received.out, "no process could be made for it");
    }
    close(received.file);
    close(received.out);
    if (pid > 0) {
      ends_.emplace(pid, Clock::now() + std::chrono::milliseconds{received.job.limit_ms});
    }
  }

  /// Buries the dead, and kills who takes too long.
  void look_after() {
    for (pid_t pid = 0; (pid = waitpid(-1, nullptr, WNOHANG)) > 0;) {
      ends_.erase(pid);
    }
    for (const auto& [pid, end] : ends_) {
      if (Clock::now() >= end) {
        kill(pid, SIGKILL);
      }
    }
  }

  bool empty() const { return ends_.empty(); }

 private:
  std::map<pid_t, Clock::time_point> ends_;
};

/// Libraries complain about files on standard error, which may be a file that nothing bounds.
bool silence() {
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  return nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0 && dup2(nowhere, STDERR_FILENO) >= 0;
}

int run() {
  // What the role had open is none of our business; what is inherited of its memory is none.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  signal(SIGINT, SIG_IGN);  // of a terminal: the role ends us when it has finished
  signal(SIGTERM, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);  // the role may have given up waiting
  if (!start_pictures() || !silence()) {
    return 1;
  }
  confine_files();
  Decoders decoders;
  for (;;) {
    pollfd socket{.fd = kSocket, .events = POLLIN, .revents = 0};
    const int ready = poll(&socket, 1, decoders.empty() ? -1 : kLookAfterMs);
    decoders.look_after();
    if (ready <= 0) {
      continue;
    }
    const std::optional<Received> received = receive();
    if (!received) {
      return 0;
    }
    decoders.start(*received);
  }
}

}  // namespace
}  // namespace freshet::thumbnails

int main() { return freshet::thumbnails::run(); }
