#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace freshet::api {

/// So many random letters and digits, from the system's source for secrets.
/// @error std::runtime_error: it gives none
std::string random_secret(std::size_t length);

/// 64 random bytes as URL-safe base64 without padding: 86 characters.
std::string random_code();

/// SHA-256 in hexadecimal, which is what is stored of a secret. What is stored here is random and
/// of 178 bits or more, so guessing does not depend on how slow its digest is, as it would for
/// words that people choose; and a slow one would let anybody keep this server busy.
std::string digest_of(std::string_view secret);

/// Whether a secret has this digest; takes as long wherever they differ.
bool has_digest(std::string_view secret, std::string_view digest);

}  // namespace freshet::api
