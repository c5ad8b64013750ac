#pragma once

#include <cstddef>
#include <string>

#include "core/crawl/byte_source.hpp"
#include "core/result.hpp"

namespace freshet {

/// A whole text, plain or gzip (told by its content), of one member or several.
/// @error what the source gives; Errc::malformed_payload with the rule `gzip`: damaged or cut
/// short;
///        Errc::too_large: more than `most` bytes of text.
Result<std::string> read_gzip_text(ByteSource& source, std::size_t most);

}  // namespace freshet
