/// A shared library for LD_PRELOAD: the look-up of the name `store.freshet.test` gives 127.0.0.1,
/// and takes for as long as the file that SLOW_NAMES_FILE names is there.
///
/// It stands in front of the C library's function, as a name server that does not answer looks to a
/// program. All other names are the system's.
/// @thread_safety  All of it.
#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  static auto* const next = reinterpret_cast<decltype(getaddrinfo)*>(::dlsym(RTLD_NEXT, __func__));
  if (node != nullptr && std::strcmp(node, "store.freshet.test") == 0) {
    const char* const path = std::getenv("SLOW_NAMES_FILE");
    while (path != nullptr && ::access(path, F_OK) == 0) {
      ::usleep(20'000);
    }
    node = "127.0.0.1";
  }
  return next(node, service, hints, found);
}
