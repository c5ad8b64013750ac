#pragma once

#include <string>
#include <string_view>

namespace freshet {

/// The form in which names are compared without case: each code point in lower case, one for one,
/// by the C library's Unicode tables. Bytes that are not UTF-8 stay as they are. Folding twice
/// changes nothing.
///
/// @thread_safety  Pure function.
std::string fold_case(std::string_view text);

/// `text` with the first letter of each run of letters in upper case, the others in lower case:
/// `It'S 3D`. Bytes that are not UTF-8 stay as they are.
///
/// @thread_safety  Pure function.
/// @source  Python's `str.title`, which gives the batch original's titles.
std::string title_case(std::string_view text);

}  // namespace freshet
