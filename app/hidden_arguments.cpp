#include "app/hidden_arguments.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/config.hpp"

namespace freshet {
namespace {

const Setting* setting_of(std::string_view flag) {
  const auto& all = settings();
  const auto found =
      std::ranges::find_if(all, [flag](const Setting& one) { return one.flag() == flag; });
  return found == all.end() ? nullptr : &*found;
}

/// Where in a value the secret begins; its length: nowhere.
std::size_t secret_begin(const Setting& setting, std::string_view value) {
  if (setting.is_prefix) {
    return std::min(value.find('='), value.size());
  }
  if (setting.secret == Secret::yes) {
    return 0;
  }
  const bool is_address = setting.key == "postgres.dsn" || setting.key == "redis.url";
  const bool holds_password =
      value.find("password") != std::string_view::npos || value.find('@') != std::string_view::npos;
  return is_address && holds_password ? 0 : value.size();
}

void hide(const Setting& setting, char* value) {
  const std::size_t size = std::strlen(value);
  const std::size_t begin = secret_begin(setting, {value, size});
  std::fill(value + begin, value + size, '*');
}

}  // namespace

std::vector<std::string> take_arguments(int argc, char** argv) {
  std::vector<std::string> copies{argv, argv + argc};
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument{argv[i]};
    const std::size_t equals = argument.find('=');
    const Setting* const setting = setting_of(argument.substr(0, equals));
    if (setting == nullptr) {
      continue;
    }
    if (equals != std::string_view::npos) {
      hide(*setting, argv[i] + equals + 1);
    } else if (i + 1 < argc) {
      hide(*setting, argv[++i]);
    }
  }
  return copies;
}

}  // namespace freshet
