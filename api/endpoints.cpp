#include "api/endpoints.hpp"

// The one list. Each name is the function that gives a row, in endpoints/.
#define FRESHET_ENDPOINTS(X) \
  X(search)                  \
  X(detail)                  \
  X(related)                 \
  X(thumb)                   \
  X(waveform)                \
  X(stats)                   \
  X(oembed)                  \
  X(changes)                 \
  X(dumps)                   \
  X(dump_file)               \
  X(freshness)               \
  X(watermark)               \
  X(report)                  \
  X(events)                  \
  X(register_application)    \
  X(token)                   \
  X(verify)                  \
  X(key_info)                \
  X(healthcheck)             \
  X(version)                 \
  X(schema)                  \
  X(root)                    \
  X(docs)                    \
  X(swagger)                 \
  X(gone)

namespace freshet::api {

namespace endpoint {
#define X(name) Endpoint name();
FRESHET_ENDPOINTS(X)
#undef X
}  // namespace endpoint

const std::vector<Endpoint>& endpoints() {
  static const std::vector<Endpoint> list{
#define X(name) endpoint::name(),
      FRESHET_ENDPOINTS(X)
#undef X
  };
  return list;
}

}  // namespace freshet::api
