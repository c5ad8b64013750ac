#pragma once

#include <chrono>
#include <string_view>

namespace freshet::api {

/// What became of a HEAD request for the file of a work: a status of HTTP, or one of these.
constexpr int kNoAnswer = -1;
constexpr int kNotAsked = 0;  ///< it leads where nothing is asked, as to what is not public

enum class LinkState { live, unknown, dead };

/// What a status says, as upstream takes it: 200 is live; 429 and 403 say nothing, but 403 of
/// Flickr and Thingiverse, which is how these say that a file is gone; all else is dead. Beyond
/// upstream, 405 and 501 say nothing either: the host knows no HEAD.
LinkState link_state(std::string_view provider, int status);

/// How long a status is believed. Of what is dead it is shorter than upstream's 120 days: a link
/// that comes back comes back.
std::chrono::seconds link_status_life(int status);

}  // namespace freshet::api
