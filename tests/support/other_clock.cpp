// Preloaded into a process, for tests of clocks that are wrong: shows it a time of day that is
// OTHER_CLOCK_SECONDS off. The steady clock stays right, as it does on a machine whose time is set
// wrongly. (libfaketime does the same, but clashes with jemalloc.)

#include <dlfcn.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

long seconds_off() {
  static const long value = [] {
    const char* text = std::getenv("OTHER_CLOCK_SECONDS");
    return text == nullptr ? 0L : std::strtol(text, nullptr, 10);
  }();
  return value;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, out);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    out->tv_sec += seconds_off();
  }
  return static_cast<int>(result);
}

int gettimeofday(timeval* out, void* /*zone*/) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return result;
}

// The kernel's clock is right, so it has to be told the deadline in its own time: else a wait would
// end at once, over and over, or hours late. What counts from the start of the machine is no date.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  using Wait = int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*);
  static const auto wait =
      reinterpret_cast<Wait>(::dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2"));
  constexpr time_t kEarliestDate = 1'000'000'000;
  timespec real = *until;
  if (real.tv_sec > kEarliestDate) {
    real.tv_sec -= seconds_off();
  }
  return wait(condition, mutex, &real);
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) {
    *out = now.tv_sec;
  }
  return now.tv_sec;
}
}
