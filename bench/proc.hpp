#pragma once

#include <filesystem>
#include <string_view>

namespace freshet::bench {

/// User and system time so far, in seconds (ticks of 10 ms). 0 for what has ended.
/// @param directory  `/proc/<pid>`: all threads; `/proc/<pid>/task/<tid>`: one.
double cpu_seconds(const std::filesystem::path& directory);

/// A size in `status`, such as `VmHWM`, in megabytes. 0 for what has ended.
double status_megabytes(const std::filesystem::path& directory, std::string_view name);

}  // namespace freshet::bench
