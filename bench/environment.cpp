#include "bench/environment.hpp"

#include <unistd.h>

#include <string_view>

namespace freshet::bench {

Config config_from_environment() {
  ConfigSources sources;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (text.starts_with("FRESHET_") && equals != std::string_view::npos) {
      sources.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return load_config(sources);
}

}  // namespace freshet::bench
