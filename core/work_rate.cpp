#include "core/work_rate.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRate = "rate=";
constexpr std::string_view kMember = " of=";
constexpr double kShareOfNewest = 0.1;

}  // namespace

void WorkRate::look(Time now, bool is_behind) {
  if (now - since_ < 1s) {
    return;
  }
  const double rate =
      static_cast<double>(records_) / std::chrono::duration<double>(now - since_).count();
  if (records_ > 0 && was_behind_ && is_behind) {
    full_ = full_ > 0 ? full_ + kShareOfNewest * (rate - full_) : rate;
  }
  best_ = std::max(best_, rate);
  since_ = now;
  records_ = 0;
  was_behind_ = is_behind;
}

std::string WorkRate::note(std::string_view member) const {
  return per_second() > 0 ? fmt::format("{}{:.1f}{}{}", kRate, per_second(), kMember, member)
                          : std::string{};
}

std::optional<WorkRate::Note> WorkRate::parse_note(std::string_view note) {
  const std::size_t member = note.find(kMember);
  if (!note.starts_with(kRate) || member == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view number = note.substr(kRate.size(), member - kRate.size());
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size() || !(value > 0)) {
    return std::nullopt;
  }
  return Note{value, std::string{note.substr(member + kMember.size())}};
}

}  // namespace freshet
