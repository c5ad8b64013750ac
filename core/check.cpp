#include "core/check.hpp"

#include <cstdlib>

#include "core/log.hpp"

namespace freshet {

void check_failed(const char* condition, const char* file, int line) {
  log::error("check_failed", {{"condition", condition}, {"file", file}, {"line", line}});
  std::abort();
}

}  // namespace freshet
