#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "core/config.hpp"

/// JSON lines on standard error: an event in the past tense and fields. Nothing per record above
/// debug; warn: it recovers by itself; error: someone must act. Never payloads, never secrets. A
/// warning or error about the same thing (the same event, texts except `text`, and `partition`) is
/// written at most once in 10 s; the next one says how many were held back (log_repeats.hpp).
namespace freshet::log {

struct Field {
  using Value = std::variant<std::string, std::int64_t, std::uint64_t, double, bool>;
  std::string_view name;
  Value value;

  template <class T>
  Field(std::string_view n, const T& v) : name{n}, value{convert(v)} {}

 private:
  template <class T>
  static Value convert(const T& v) {
    if constexpr (std::is_same_v<T, bool>) {
      return v;
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<double>(v);
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      return static_cast<std::int64_t>(v);
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<std::uint64_t>(v);
    } else {
      return std::string{std::string_view{v}};
    }
  }
};

using Fields = std::initializer_list<Field>;

/// Sets level and format; call once from main. Until then: info, JSON.
void configure(const Config::Log& config);

/// Whether debug events are written: asked before fields are built where records pass.
bool writes_debug() noexcept;
void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warn(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

}  // namespace freshet::log
