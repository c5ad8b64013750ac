#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// The parts of an address, as written: nothing is decoded or put in lower case.
struct SplitUrl {
  std::string_view authority;  ///< host with user and port, behind `//`; empty: none
  std::string_view path;       ///< without `;parameters` of its last segment
  std::string_view query;      ///< behind `?`
};

/// Splits any text that stands where an address may stand, relative ones too, by the rules that the
/// batch original's data follows (Python's `urlparse`): tabs and line breaks do not count, a scheme
/// is what comes before the first `:` if it looks like one, and the fragment is left out.
///
/// @param buffer  holds the text that the parts are views of, if it had to be changed.
/// @return nothing for an address that cannot be read: a bracket without its partner, brackets that
///         hold no IP address, or a character in the host that Unicode's compatibility forms turn
///         into one of `/?#@:`.
/// @source  Python's urllib.parse, 3.12; RFC 1808, §2.4.
std::optional<SplitUrl> split_url(std::string_view url, std::string& buffer);

}  // namespace freshet
