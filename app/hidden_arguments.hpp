#pragma once

#include <string>
#include <vector>

namespace freshet {

/// Copies the arguments, and overwrites in place what is secret in the originals: from then on `ps`
/// and /proc show stars. What other users of the machine saw in the milliseconds before, they saw:
/// a file or the environment is the place for secrets.
///
/// Secret are the values of secret settings (of one with a prefix, what stands behind `=`), and
/// PostgreSQL's and Redis' addresses where they hold a password.
std::vector<std::string> take_arguments(int argc, char** argv);

}  // namespace freshet
