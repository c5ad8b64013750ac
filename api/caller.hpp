#pragma once

#include <string>
#include <string_view>

namespace freshet::api {

/// How many requests an application may make.
enum class RateModel { standard, enhanced, exempt };

std::string_view to_string(RateModel model);

/// Who asks, as far as it changes what may be asked for.
struct Caller {
  bool is_authenticated = false;
  bool may_have_large_pages = false;  ///< privilege `max_page_size`
  bool may_page_deep = false;         ///< privilege `max_result_count`
  std::string client_id = {};         ///< of the application; empty: anonymous
  std::string application = {};       ///< its name
  bool is_verified = false;           ///< its address was confirmed: it has limits of its own
  RateModel model = RateModel::standard;

  int max_page_size() const { return may_have_large_pages ? 240 : is_authenticated ? 50 : 20; }
  /// Largest `page × page_size`.
  int max_depth() const { return may_page_deep ? 4800 : 240; }
  std::string_view level() const { return is_authenticated ? "authenticated" : "anonymous"; }
};

}  // namespace freshet::api
