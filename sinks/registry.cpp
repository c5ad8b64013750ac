#include "sinks/registry.hpp"

// The one list. Explicit, because a linker drops an object file of a static library that only
// registers itself. Each name is that of a role, `sink.<name>`, and targets/<name>.cpp ends with
// `SinkSpec <name>_sink()`.
#define FRESHET_SINKS(X) \
  X(postgres)            \
  X(elasticsearch)       \
  X(usage)

namespace freshet {

#define X(name) SinkSpec name##_sink();
FRESHET_SINKS(X)
#undef X

const std::vector<SinkSpec>& sinks() {
  static const std::vector<SinkSpec> list{
#define X(name) name##_sink(),
      FRESHET_SINKS(X)
#undef X
  };
  return list;
}

}  // namespace freshet
