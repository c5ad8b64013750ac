#include "producers/common_crawl/done_files.hpp"

#include <charconv>
#include <string>

namespace freshet {

void DoneFiles::add(std::int64_t file) {
  if (contains(file)) {
    return;
  }
  beyond_.insert(file);
  while (!beyond_.empty() && *beyond_.begin() == first_) {
    beyond_.erase(beyond_.begin());
    ++first_;
  }
}

Params DoneFiles::to_params() const {
  Params params{{"first", std::to_string(first_)}};
  for (const std::int64_t file : beyond_) {
    params.emplace_back("done", std::to_string(file));
  }
  return params;
}

DoneFiles DoneFiles::from_params(const Params& params) {
  DoneFiles done;
  done.first_ = param_number(params, "first", 0);
  for (const auto& [name, value] : params) {
    std::int64_t file = 0;
    if (name == "done" &&
        std::from_chars(value.data(), value.data() + value.size(), file).ec == std::errc{}) {
      done.add(file);
    }
  }
  return done;
}

}  // namespace freshet
