#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/endpoint.hpp"

namespace freshet::api {

// What the server itself says of callers that are no web page. Nothing is said of a caller that
// sent `Sec-GPC: 1`; nothing that is said holds who it was.

/// A search of the API: how much it found, and how long that took.
void note_search(const Services& services, const Call& call, std::int64_t result_count);

/// A work that was looked at by the API.
/// @param identifier  of the work itself, not one that it had before
void note_detail(const Services& services, const Call& call, std::string_view identifier,
                 std::string_view source);

/// A picture or credit of ours that a page of another site shows: by the `Referer` header, of which
/// the host alone is kept. Nothing where there is none, or where it is ours.
///
/// To be called once it is known that there is such a picture. An address may cause so many of
/// them, by the scope `anon_embeddings`: anybody can send any `Referer`. What is beyond is not
/// noted.
///
/// @param request     outlives the call
/// @param identifier  of the work; may be empty
Task<void> note_embedding(Services services, const Request& request, std::string identifier);

/// The host of an address in lower case, without port: `example.org`; empty where there is none.
std::string host_of_url(std::string_view url);

}  // namespace freshet::api
