#pragma once

#include <filesystem>

namespace freshet {

/// The checkout, and the program that was built from it. Defined in one file: a test that named
/// them by a macro would be compiled anew in each checkout.
std::filesystem::path source_dir();
const char* freshet_binary();

}  // namespace freshet
