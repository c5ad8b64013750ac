#include "thumbnails/decode/confine.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace freshet::thumbnails {
namespace {

namespace fs = std::filesystem;

/// What an attempt in a confined process came to: 0, or its errno. -1: it could not be confined, or
/// died.
int confined(const std::function<long()>& attempt) {
  const pid_t child = fork();
  if (child == 0) {
    const Job job{.kind = Kind::picture, .limit_ms = 10'000};
    if (!confine(job)) {
      _exit(255);
    }
    errno = 0;
    _exit(attempt() >= 0 ? 0 : errno);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) == 255) {
    return -1;
  }
  return WEXITSTATUS(status);
}

class Confined : public testing::Test {
 protected:
  Confined()
      : path_{(fs::temp_directory_path() /
               ("confined-" + std::to_string(getpid()) + "-" +
                testing::UnitTest::GetInstance()->current_test_info()->name()))
                  .string()} {
    std::ofstream{path_} << "as it was";
  }
  ~Confined() override { fs::remove(path_); }

  int open_with(int flags) const {
    return confined([&] { return open(path_.c_str(), flags | O_CLOEXEC, 0600); });
  }

  const std::string path_;
};

TEST_F(Confined, SignalsNobodyElse) {
  const pid_t parent = getpid();
  EXPECT_EQ(confined([&] { return kill(parent, 0); }), EPERM);
  EXPECT_EQ(confined([&] { return syscall(SYS_tgkill, parent, parent, 0); }), EPERM);
  EXPECT_EQ(confined([] { return syscall(SYS_tgkill, getpid(), getpid(), 0); }), 0);
  siginfo_t about{};
  about.si_code = SI_QUEUE;
  EXPECT_EQ(confined([&] { return syscall(SYS_rt_sigqueueinfo, parent, 0, &about); }), EPERM);
  EXPECT_EQ(confined([&] { return syscall(SYS_rt_tgsigqueueinfo, parent, parent, 0, &about); }),
            EPERM);
  EXPECT_EQ(confined([&] { return fcntl(STDERR_FILENO, F_SETOWN, parent); }), EPERM);
  EXPECT_EQ(confined([] { return fcntl(STDERR_FILENO, F_SETSIG, SIGTERM); }), EPERM);
}

TEST_F(Confined, ChangesNothingOfOthers) {
  const pid_t parent = getpid();
  rlimit limits{};
  EXPECT_EQ(confined([&] { return prlimit(parent, RLIMIT_NOFILE, nullptr, &limits); }), EPERM);
  EXPECT_EQ(confined([&] { return getrlimit(RLIMIT_NOFILE, &limits); }), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  EXPECT_EQ(confined([&] { return sched_setaffinity(parent, sizeof one, &one); }), EPERM);
  EXPECT_EQ(confined([&] { return setpriority(PRIO_PROCESS, static_cast<id_t>(parent), 19); }),
            EPERM);
  EXPECT_EQ(confined([] { return shmget(IPC_PRIVATE, 4'096, IPC_CREAT | 0600); }), EPERM);
}

TEST_F(Confined, OpensNothingThatItWouldChange) {
  EXPECT_EQ(open_with(O_RDONLY), 0);
  for (const int flags : {O_WRONLY, O_RDWR, O_ACCMODE, O_RDONLY | O_TRUNC, O_RDONLY | O_CREAT}) {
    EXPECT_EQ(open_with(flags), EACCES) << flags;
  }
  EXPECT_EQ(confined([&] { return syscall(SYS_open, path_.c_str(), O_RDONLY | O_TRUNC, 0600); }),
            EACCES);
  EXPECT_EQ(confined([] { return open("/tmp", O_TMPFILE | O_RDWR, 0600); }), EACCES);
  EXPECT_EQ(fs::file_size(path_), 9U);
}

TEST_F(Confined, ChangesNoFile) {
  const int file = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(file, 0);
  const std::string other = path_ + ".other";
  EXPECT_EQ(confined([&] { return ftruncate(file, 0); }), EPERM);
  EXPECT_EQ(confined([&] { return fallocate(file, 0, 0, 4'096); }), EPERM);
  EXPECT_EQ(confined([&] { return futimens(file, nullptr); }), EPERM);
  EXPECT_EQ(confined([&] { return fsetxattr(file, "user.a", "b", 1, 0); }), EPERM);
  EXPECT_EQ(confined([&] { return mknod(other.c_str(), S_IFIFO | 0600, 0); }), EPERM);
  EXPECT_EQ(confined([&] { return mkdir(other.c_str(), 0700); }), EPERM);
  EXPECT_EQ(confined([&] { return unlink(path_.c_str()); }), EPERM);
  close(file);
  EXPECT_EQ(fs::file_size(path_), 9U);
}

TEST_F(Confined, WritesItsOutcome) {
  EXPECT_EQ(confined([] {
              int ends[2];
              return pipe(ends) == 0 ? write(ends[1], "made", 4) : -1;
            }),
            0);
}

}  // namespace
}  // namespace freshet::thumbnails
