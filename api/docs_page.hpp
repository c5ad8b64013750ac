#pragma once

#include <string>

namespace freshet::api {

/// The page at `/v1/`: what can be asked, with links that work.
std::string docs_page();

}  // namespace freshet::api
