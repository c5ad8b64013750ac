#pragma once

#include "thumbnails/job.hpp"

namespace freshet::thumbnails {

/// Takes from this process and all that it forks what no decoder needs of the file system: it may
/// read libraries and fonts, and write nothing (Landlock). A kernel without it is done without.
void confine_files();

/// Takes from the process that is about to decode what it will not need: memory beyond the job's,
/// core dumps, new processes and programs, sockets, signals to others, their limits and priorities,
/// a look into them, memory shared with them, and all that makes, writes or changes files
/// (seccomp). What is open already stays so: its file, and the pipe for the outcome. An attempt
/// fails as a file without rights does.
/// @return whether all of it is in force
bool confine(const Job& job);

}  // namespace freshet::thumbnails
