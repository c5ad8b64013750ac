#include "tests/support/paths.hpp"

namespace freshet {

std::filesystem::path source_dir() { return FRESHET_SOURCE_DIR; }
const char* freshet_binary() { return FRESHET_BINARY; }

}  // namespace freshet
