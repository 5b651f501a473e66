// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "agent/bundle/security.h"

namespace caisson::bundle {
namespace {

// What ordinary programs use. By subject, so that a gap shows. Names that a kernel or architecture
// does not have are ignored when the filter is made.
constexpr std::string_view kAllowed[] = {
    // files
    "access", "chdir", "chmod", "chown", "chown32", "close", "close_range", "copy_file_range",
    "creat", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fadvise64_64",
    "fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat",
    "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fremovexattr",
    "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate",
    "ftruncate64", "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "getxattrat",
    "lchown", "lchown32", "lgetxattr", "link", "linkat", "listxattr", "listxattrat", "llistxattr",
    "_llseek", "lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64", "mkdir", "mkdirat",
    "mknod", "mknodat", "name_to_handle_at", "newfstatat", "open", "openat", "openat2", "pread64",
    "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink",
    "readlinkat", "readv", "removexattr", "removexattrat", "rename", "renameat", "renameat2",
    "rmdir", "sendfile", "sendfile64", "setxattr", "setxattrat", "splice", "stat", "stat64",
    "statfs", "statfs64", "statmount", "listmount", "statx", "symlink", "symlinkat", "sync",
    "sync_file_range", "sync_file_range2", "arm_sync_file_range", "syncfs", "tee", "truncate",
    "truncate64", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimensat_time64", "utimes",
    "vmsplice", "write", "writev",
    // memory
    "brk", "cachestat", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret",
    "mincore", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "mprotect", "mremap", "mseal",
    "msync", "munlock", "munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect",
    "process_madvise", "process_mrelease", "remap_file_pages",
    // processes and threads
    "_exit", "arch_prctl", "capget", "capset", "execve", "execveat", "exit", "exit_group", "fork",
    "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv", "futex_wake",
    "get_robust_list", "get_thread_area", "getcpu", "getegid", "getegid32", "geteuid", "geteuid32",
    "getgid", "getgid32", "getgroups", "getgroups32", "getpgid", "getpgrp", "getpid", "getppid",
    "getpriority", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "getrusage",
    "getsid", "gettid", "getuid", "getuid32", "ioprio_get", "ioprio_set", "landlock_add_rule",
    "landlock_create_ruleset", "landlock_restrict_self", "modify_ldt", "nanosleep", "pause",
    "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64", "restart_syscall", "rseq",
    "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
    "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
    "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield",
    "seccomp", "set_robust_list", "set_thread_area", "set_tid_address", "setfsgid", "setfsgid32",
    "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setpgid",
    "setpriority", "setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32",
    "setreuid", "setreuid32", "setrlimit", "setsid", "setuid", "setuid32", "sysinfo", "times",
    "ugetrlimit", "uname", "vfork", "wait4", "waitid", "waitpid", "set_tls",
    // signals
    "alarm", "kill", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo",
    "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
    "rt_tgsigqueueinfo", "sigaltstack", "signalfd", "signalfd4", "sigprocmask", "sigreturn",
    "tgkill", "tkill",
    // waiting and events
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
    "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "fanotify_mark", "inotify_add_watch",
    "inotify_init", "inotify_init1", "inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents",
    "io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit", "poll", "ppoll",
    "ppoll_time64", "pselect6", "pselect6_time64", "select", "_newselect",
    // time
    "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "adjtimex", "clock_adjtime", "clock_adjtime64", "getitimer",
    "gettimeofday", "setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun",
    "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64", "timerfd_create",
    "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
    // pipes, sockets, System V IPC, message queues
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "ipc",
    "listen", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64",
    "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd",
    "pipe", "pipe2", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "semctl",
    "semget", "semop", "semtimedop", "semtimedop_time64", "send", "sendmmsg", "sendmsg", "sendto",
    "setsockopt", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "socketcall", "socketpair",
    // the rest
    "getrandom", "ioctl", "lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr", "ptrace",
    "process_vm_readv", "process_vm_writev", "kcmp", "riscv_hwprobe", "cacheflush", "breakpoint",
    "syscall"};

// What comes with a capability.
struct Granted {
  std::string_view capability;
  std::initializer_list<std::string_view> names;
};
const Granted kGranted[] = {
    {"CAP_DAC_READ_SEARCH", {"open_by_handle_at"}},
    {"CAP_SYS_ADMIN",
     {"bpf",           "clone",         "clone3",      "fanotify_init",   "fsconfig",
      "fsmount",       "fsopen",        "fspick",      "lookup_dcookie",  "mount",
      "mount_setattr", "move_mount",    "open_tree",   "perf_event_open", "quotactl",
      "quotactl_fd",   "setdomainname", "sethostname", "setns",           "syslog",
      "umount",        "umount2",       "unshare"}},
    {"CAP_SYS_BOOT", {"reboot"}},
    {"CAP_SYS_CHROOT", {"chroot"}},
    {"CAP_SYS_MODULE", {"delete_module", "finit_module", "init_module"}},
    {"CAP_SYS_PACCT", {"acct"}},
    {"CAP_SYS_PTRACE", {"pidfd_getfd"}},
    {"CAP_SYS_RAWIO", {"ioperm", "iopl"}},
    {"CAP_SYS_TIME", {"clock_settime", "clock_settime64", "settimeofday", "stime"}},
    {"CAP_SYS_TTY_CONFIG", {"vhangup"}},
    {"CAP_SYS_NICE", {"get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"}},
    {"CAP_SYSLOG", {"syslog"}},
    {"CAP_BPF", {"bpf"}},
    {"CAP_PERFMON", {"perf_event_open"}},
};

constexpr char kAllow[] = "SCMP_ACT_ALLOW";
constexpr std::uint32_t kEnosys = 38;

// CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
// CLONE_NEWNET
constexpr std::uint64_t kNewNamespaces = 0x7E020000;

spec::SeccompSyscall AllowWith(std::string_view name, spec::SeccompArg arg) {
  return {.names = {std::string(name)}, .action = kAllow, .args = {std::move(arg)}};
}

}  // namespace

spec::Seccomp RuntimeDefaultSeccomp(const spec::Capabilities& capabilities) {
  const auto holds = [&](std::string_view name) {
    const auto& bounding = capabilities.bounding;
    return std::find(bounding.begin(), bounding.end(), name) != bounding.end();
  };
  spec::Seccomp profile;
  profile.default_action = "SCMP_ACT_ERRNO";
  profile.default_errno_ret = 1;  // EPERM
#if defined(__x86_64__)
  profile.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
#elif defined(__aarch64__)
  profile.architectures = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#endif
  spec::SeccompSyscall allowed{.action = kAllow};
  allowed.names.assign(std::begin(kAllowed), std::end(kAllowed));
  for (const Granted& granted : kGranted) {
    if (holds(granted.capability))
      allowed.names.insert(allowed.names.end(), granted.names.begin(), granted.names.end());
  }
  profile.syscalls.push_back(std::move(allowed));
  // Hosts are reached through vsock (family 40) by no ordinary program.
  profile.syscalls.push_back(AllowWith("socket", {.index = 0, .value = 40, .op = "SCMP_CMP_NE"}));
  // The personalities that change nothing about address space layout: Linux, Linux32 and asking.
  for (const std::uint64_t persona : {0x0ULL, 0x8ULL, 0x20000ULL, 0x20008ULL, 0xFFFFFFFFULL})
    profile.syscalls.push_back(
        AllowWith("personality", {.index = 0, .value = persona, .op = "SCMP_CMP_EQ"}));
  if (!holds("CAP_SYS_ADMIN")) {
    // Threads and processes, but no new namespaces. clone3 passes its flags in memory, where a
    // filter cannot look: "not there" makes the C library fall back to clone.
    profile.syscalls.push_back(AllowWith(
        "clone",
        {.index = 0, .value = kNewNamespaces, .value_two = 0, .op = "SCMP_CMP_MASKED_EQ"}));
    profile.syscalls.push_back(
        {.names = {"clone3"}, .action = "SCMP_ACT_ERRNO", .errno_ret = kEnosys, .args = {}});
  }
  return profile;
}

}  // namespace caisson::bundle
