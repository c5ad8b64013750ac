#include "thumbnails/decoder.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/check.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"

namespace freshet::thumbnails {
namespace {

constexpr std::size_t kMostBytes = 64U << 20U;  // of an outcome
constexpr std::chrono::milliseconds kGrace{500};
constexpr std::chrono::seconds kMostWait{5};

/// A file descriptor that is closed once.
class Handle {
 public:
  explicit Handle(int file = -1) : file_{file} {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : file_{std::exchange(other.file_, -1)} {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle& operator=(Handle&&) = delete;

  int get() const { return file_; }
  int release() { return std::exchange(file_, -1); }
  void reset() {
    if (file_ >= 0) {
      close(std::exchange(file_, -1));
    }
  }

 private:
  int file_;
};

/// The bytes as a file that lies in memory.
Handle in_memory(std::string_view bytes) {
  Handle file{memfd_create("file", MFD_CLOEXEC)};
  while (file.get() >= 0 && !bytes.empty()) {
    const ssize_t written = write(file.get(), bytes.data(), bytes.size());
    if (written <= 0) {
      return Handle{};
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

/// Reads until the other end is closed.
std::string read_until(int file, Deadline deadline) {
  std::string bytes;
  std::array<char, 64 * 1024> part{};
  while (bytes.size() < kMostBytes) {
    pollfd wait{.fd = file, .events = POLLIN, .revents = 0};
    const int ready = poll(&wait, 1, static_cast<int>(deadline.left().count()));
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    const ssize_t size = ready > 0 ? read(file, part.data(), part.size()) : 0;
    if (size <= 0) {
      return bytes;
    }
    bytes.append(part.data(), static_cast<std::size_t>(size));
  }
  return bytes;
}

Decoded not_tried(std::string_view why) {
  return {.fate = Fate::not_tried, .type = {}, .bytes = std::string{why}};
}

Decoded read_outcome(std::string_view bytes) {
  Outcome outcome;
  if (bytes.size() < sizeof outcome) {
    return {};
  }
  std::memcpy(&outcome, bytes.data(), sizeof outcome);
  bytes.remove_prefix(sizeof outcome);
  outcome.type.back() = '\0';
  // What a process wrote that a file may have taken over is not to be believed.
  const std::string_view type{outcome.type.data()};
  const bool is_known = type == "image/jpeg" || type == "image/png" || type == "image/webp" ||
                        type == "image/avif" || type == "application/json" || type == "text/plain";
  if (outcome.size != bytes.size() || outcome.fate > Fate::not_tried || !is_known) {
    return {};
  }
  return {outcome.fate, std::string{type}, std::string{bytes}};
}

}  // namespace

Decoder::Decoder(std::string program, Slots slots, Metrics& metrics)
    : path_{std::move(program)},
      free_pictures_{slots.pictures},
      free_recordings_{slots.recordings},
      starts_{metrics.counter("freshet_thumbnails_decoder_starts_total",
                              "Starts of the program that decodes: more than one means that it "
                              "died")} {
  const std::lock_guard lock{mutex_};
  start();
  if (program_.pid < 0) {
    throw StartupError{"cannot start " + path_};
  }
}

Decoder::~Decoder() {
  const std::lock_guard lock{mutex_};
  end();
}

void Decoder::start() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return;
  }
  Handle theirs{ends[1]};
  Handle ours{ends[0]};
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDIN_FILENO);
  // Nothing of our environment goes along: passwords may be in it.
  std::string name = "freshet-decode";
  std::string language = "LANG=C.UTF-8";
  std::string arenas = "MALLOC_ARENA_MAX=2";  // address space is bounded
  std::array<char*, 2> arguments{name.data(), nullptr};
  std::array<char*, 3> variables{language.data(), arenas.data(), nullptr};
  pid_t pid = -1;
  const int fault =
      posix_spawn(&pid, path_.c_str(), &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (fault != 0) {
    log::error("decoder_not_started", {{"program", path_}, {"reason", std::strerror(fault)}});
    return;
  }
  starts_.add();
  program_ = {pid, ours.release()};
}

void Decoder::end() {
  if (program_.socket >= 0) {
    close(program_.socket);
  }
  if (program_.pid > 0) {
    kill(program_.pid, SIGKILL);  // its children end with it
    waitpid(program_.pid, nullptr, 0);
  }
  program_ = {};
}

bool Decoder::hand_over(const Job& job, int file, int out) {
  Job sent = job;
  iovec part{&sent, sizeof sent};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const std::array<int, 2> files{file, out};
  std::memcpy(CMSG_DATA(head), files.data(), sizeof files);
  const std::lock_guard lock{mutex_};
  for (int attempt = 0; attempt < 2 && !is_stopped_; ++attempt) {
    if (program_.socket >= 0 &&
        sendmsg(program_.socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof sent)) {
      return true;
    }
    log::warn("decoder_lost", {{"reason", std::strerror(errno)}});
    end();
    start();
  }
  return false;
}

Decoded Decoder::decode(std::string_view file, const Job& job) {
  auto& free = job.kind == Kind::picture ? free_pictures_ : free_recordings_;
  if (!free.try_acquire_for(kMostWait)) {
    return not_tried("too many files wait to be decoded");
  }
  struct GiveBack {
    std::counting_semaphore<>& free;
    ~GiveBack() { free.release(); }
  } const give_back{free};
  const Handle input = in_memory(file);
  std::array<int, 2> ends{};
  if (input.get() < 0 || pipe2(ends.data(), O_CLOEXEC) != 0) {
    return not_tried(std::strerror(errno));
  }
  const Handle from{ends[0]};
  Handle into{ends[1]};
  if (!hand_over(job, input.get(), into.get())) {
    return not_tried("the decoder does not run");
  }
  into.reset();  // so that its end is seen when the other one is closed
  const Deadline deadline = Deadline::in(std::chrono::milliseconds{job.limit_ms} + kGrace);
  Decoded decoded = read_outcome(read_until(from.get(), deadline));
  if (decoded.fate == Fate::none) {
    const std::lock_guard lock{mutex_};
    if (is_stopped_) {
      return not_tried("stopped");
    }
    decoded.bytes = "it could not be decoded within its time and memory";
  }
  return decoded;
}

void Decoder::stop() {
  const std::lock_guard lock{mutex_};
  is_stopped_ = true;
  end();
}

bool Decoder::is_running() {
  const std::lock_guard lock{mutex_};
  siginfo_t dead{};
  const bool is_known = program_.pid > 0 && waitid(P_PID, static_cast<id_t>(program_.pid), &dead,
                                                   WEXITED | WNOHANG | WNOWAIT) == 0;
  if ((!is_known || dead.si_pid != 0) && !is_stopped_) {
    end();
    start();
    return program_.pid > 0;
  }
  return is_known && dead.si_pid == 0;
}

std::string decoder_path() {
  namespace fs = std::filesystem;
  std::error_code fault;
  const fs::path here = fs::read_symlink("/proc/self/exe", fault).parent_path();
  for (const fs::path& place :
       {here / "freshet-decode", here.parent_path() / "lib/freshet/freshet-decode"}) {
    if (fs::exists(place, fault)) {
      return place.string();
    }
  }
  throw StartupError{"freshet-decode is neither in " + here.string() + " nor in ../lib/freshet"};
}

}  // namespace freshet::thumbnails
