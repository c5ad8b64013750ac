#include "bench/environment.hpp"

#include <unistd.h>

#include <chrono>
#include <string_view>
#include <thread>

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

Result<kafka::Watermarks> patient_watermarks(kafka::Consumer& consumer,
                                             const kafka::TopicPartition& at) {
  using namespace std::chrono_literals;
  const auto until = std::chrono::steady_clock::now() + 15s;
  for (;;) {
    auto marks = consumer.watermarks(at, 10s);
    if (marks || std::chrono::steady_clock::now() > until) {
      return marks;
    }
    std::this_thread::sleep_for(100ms);
  }
}

}  // namespace freshet::bench
