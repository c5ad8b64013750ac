#include "api/link_state.hpp"

namespace freshet::api {

LinkState link_state(std::string_view provider, int status) {
  if (status == 200) {
    return LinkState::live;
  }
  if (status == kNotAsked || status == 429 || status == 405 || status == 501) {
    return LinkState::unknown;
  }
  if (status == 403 && provider != "flickr" && provider != "thingiverse") {
    return LinkState::unknown;
  }
  return LinkState::dead;
}

std::chrono::seconds link_status_life(int status) {
  using std::chrono::days;
  using std::chrono::hours;
  using std::chrono::minutes;
  if (status == 200) {
    return days{30};
  }
  if (status == kNoAnswer) {
    return minutes{30};
  }
  if (status == kNotAsked) {
    return days{1};
  }
  if (status == 429 || status >= 500) {
    return hours{1};  // of the host, and of the moment
  }
  return days{3};
}

}  // namespace freshet::api
