#include "api/caller.hpp"

namespace freshet::api {

std::string_view to_string(RateModel model) {
  switch (model) {
    case RateModel::standard:
      return "standard";
    case RateModel::enhanced:
      return "enhanced";
    case RateModel::exempt:
      return "exempt";
  }
  return "";
}

}  // namespace freshet::api
