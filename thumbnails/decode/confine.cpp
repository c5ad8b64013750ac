#include "thumbnails/decode/confine.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string_view>

namespace freshet::thumbnails {
namespace {

// AddressSanitizer and ThreadSanitizer reserve terabytes of address space.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimitsMemory = false;
#else
constexpr bool kLimitsMemory = true;
#endif

constexpr rlim_t kFiles = 64;
constexpr scmp_datum_t kHalf = 0xFFFF'FFFF;  // of an argument: what the kernel reads of a command

bool limit(decltype(RLIMIT_AS) what, rlim_t most) {
  const rlimit both{most, most};
  return setrlimit(what, &both) == 0;
}

struct Release {
  void operator()(void* filter) const noexcept { seccomp_release(filter); }
};

constexpr int kCalls[] = {
    // Others: to speak with them, to start them, to signal, watch or slow them down.
    SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen),
    SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(execve), SCMP_SYS(execveat),
    SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise), SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(kcmp), SCMP_SYS(setpriority),
    SCMP_SYS(ioprio_set), SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_setattr),
    SCMP_SYS(sched_setparam), SCMP_SYS(sched_setscheduler), SCMP_SYS(migrate_pages),
    SCMP_SYS(move_pages), SCMP_SYS(shmget), SCMP_SYS(shmat), SCMP_SYS(shmctl), SCMP_SYS(msgget),
    SCMP_SYS(semget), SCMP_SYS(mq_open),
    // Files: to make, change or remove them. Those that would be written to are not opened, below.
    SCMP_SYS(creat), SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(truncate), SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rmdir), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(link),
    SCMP_SYS(linkat), SCMP_SYS(symlink), SCMP_SYS(symlinkat), SCMP_SYS(chmod), SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchown), SCMP_SYS(lchown), SCMP_SYS(fchownat),
    SCMP_SYS(utime), SCMP_SYS(utimes), SCMP_SYS(futimesat), SCMP_SYS(utimensat), SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr), SCMP_SYS(removexattr), SCMP_SYS(lremovexattr),
    SCMP_SYS(fremovexattr),
    // The kernel: what widens what may be reached in it.
    SCMP_SYS(mount), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
    SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(io_uring_setup),
    SCMP_SYS(userfaultfd)};

/// The rules of one process, for the kernel.
class Filter {
 public:
  Filter() : filter_{seccomp_init(SCMP_ACT_ALLOW)}, is_whole_{filter_ != nullptr} {}

  void refuse(int call, int fault = EPERM) {
    is_whole_ = is_whole_ &&
                seccomp_rule_add(filter_.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(fault)),
                                 call, 0) == 0;
  }
  void refuse(int call, scmp_arg_cmp where, int fault = EPERM) {
    is_whole_ = is_whole_ &&
                seccomp_rule_add(filter_.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(fault)),
                                 call, 1, where) == 0;
  }
  bool load() { return is_whole_ && seccomp_load(filter_.get()) == 0; }

 private:
  std::unique_ptr<void, Release> filter_;
  bool is_whole_;
};

bool refuse_calls() {
  Filter filter;
  for (const int call : kCalls) {
    filter.refuse(call);
  }
  // `abort` signals its own thread.
  filter.refuse(SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_NE, static_cast<scmp_datum_t>(getpid())));
  // 0 is the process itself, whose limits cannot grow.
  filter.refuse(SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_NE, 0));
  // Signals that the kernel would send for us when a pipe or terminal has something to say.
  for (const scmp_datum_t command : {F_SETOWN, F_SETOWN_EX, F_SETSIG, F_NOTIFY}) {
    filter.refuse(SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_MASKED_EQ, kHalf, command));
  }
  for (const scmp_datum_t request : {FIOSETOWN, SIOCSPGRP, FIOASYNC, TIOCSTI}) {
    filter.refuse(SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, kHalf, request));
  }
  // Threads are fine, processes are not. The C library asks for clone3 first and takes this answer.
  filter.refuse(SCMP_SYS(clone3), ENOSYS);
  filter.refuse(SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  for (const scmp_datum_t mode : {O_WRONLY, O_RDWR, O_ACCMODE}) {
    filter.refuse(SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, mode), EACCES);
    filter.refuse(SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE, mode), EACCES);
  }
  // Each of these changes something also where it is asked for with the right to read.
  for (const scmp_datum_t flag : {O_CREAT, O_TRUNC, O_TMPFILE & ~O_DIRECTORY}) {
    filter.refuse(SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, flag, flag), EACCES);
    filter.refuse(SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, flag, flag), EACCES);
  }
  filter.refuse(SCMP_SYS(openat2), ENOSYS);
  return filter.load();
}

}  // namespace

void confine_files() {
  // The first version of Landlock, which every kernel that has it knows.
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;
  const auto rules =
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (rules < 0) {
    return;
  }
  for (const char* folder :
       {"/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/var/cache/fontconfig"}) {
    landlock_path_beneath_attr rule{};
    rule.parent_fd = open(folder, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) {
      continue;
    }
    const bool is_file = std::string_view{folder}.ends_with(".cache");
    rule.allowed_access =
        LANDLOCK_ACCESS_FS_READ_FILE | (is_file ? 0U : LANDLOCK_ACCESS_FS_READ_DIR);
    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    syscall(SYS_landlock_restrict_self, rules, 0);
  }
  close(rules);
}

bool confine(const Job& job) {
  const rlim_t seconds = job.limit_ms / 1000 + 1;
  bool is_whole = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NOFILE, kFiles) &&
                  limit(RLIMIT_CPU, seconds);
  if (kLimitsMemory && job.most_memory_bytes != 0) {
    is_whole = is_whole && limit(RLIMIT_AS, job.most_memory_bytes);
  }
  return is_whole && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && refuse_calls();
}

}  // namespace freshet::thumbnails
