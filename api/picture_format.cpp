#include <algorithm>
#include <charconv>
#include <map>

#include "api/thumbnails.hpp"
#include "core/text.hpp"

namespace freshet::api {
namespace {

/// `;q=0.5` among parameters; 1 where there is none that can be read.
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string_view one = trim_space(parameters.substr(0, end));
    double weight = 0;
    if (one.starts_with("q=") &&
        std::from_chars(one.data() + 2, one.data() + one.size(), weight).ec == std::errc{}) {
      return weight;
    }
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
  }
  return 1;
}

}  // namespace

std::string_view picture_format(std::string_view accept) {
  std::map<std::string, double, std::less<>> weights;
  while (!accept.empty()) {
    const std::size_t comma = std::min(accept.find(','), accept.size());
    const std::string_view entry = accept.substr(0, comma);
    const std::size_t semicolon = std::min(entry.find(';'), entry.size());
    weights[lower_ascii(trim_space(entry.substr(0, semicolon)))] =
        weight_of(entry.substr(std::min(semicolon + 1, entry.size())));
    accept.remove_prefix(std::min(comma + 1, accept.size()));
  }
  const auto weight = [&](std::string_view type) {
    const auto found = weights.find(type);
    return found == weights.end() ? 0.0 : found->second;
  };
  // Only what is named: `*/*` is also said by clients that read neither.
  const double webp = weight("image/webp");
  const double avif = weight("image/avif");
  const double plain = std::max(weight("image/jpeg"), weight("image/png"));
  if (std::max(webp, avif) <= 0 || std::max(webp, avif) < plain) {
    return "";
  }
  return avif > webp ? "avif" : "webp";
}

}  // namespace freshet::api
