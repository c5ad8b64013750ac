#pragma once

#include <string>
#include <vector>

#include "api/endpoint.hpp"

namespace freshet::api {

/// The page at `/v1/`: what can be asked, with links that work; of every row that has a summary its
/// path, its summary, its parameters, and a form that asks for it, with the same request in curl,
/// JavaScript and Python beside it.
std::string docs_page(const std::vector<Endpoint>& table);

/// The page's Content-Security-Policy: its own style sheet and script by their digests, requests to
/// this server, and nothing else.
std::string docs_policy();

}  // namespace freshet::api
