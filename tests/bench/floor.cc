// SPDX-License-Identifier: Apache-2.0
//
// The floor of `run`: the kernel work of the default bundle and nothing else. The same namespaces,
// mounts, devices, masks and cgroups, made by bare system calls with everything known beforehand.
// What a runtime takes beyond this is its own.
//   floor [--join-by-itself] ROOTFS HIERARCHY...
// runs /bin/true in it once, in a cgroup of each hierarchy. The parent moves the process there, as
// runtimes do, which waits for an RCU grace period; or (v1) the process moves itself, which does
// not.
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

namespace {

constexpr int kMostHierarchies = 32;
bool g_joins_by_itself = false;
int g_tasks[kMostHierarchies];
int g_task_count = 0;

void Must(long result, const char* what) {
  if (result >= 0) return;
  perror(what);
  _exit(1);
}

void MakeDev() {
  Must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"), "dev");
  Must(mkdir("dev/pts", 0755), "dev/pts");
  Must(mkdir("dev/shm", 0755), "dev/shm");
  Must(mkdir("dev/mqueue", 0755), "dev/mqueue");
  Must(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
             "newinstance,ptmxmode=0666,mode=0620"),
       "devpts");
  constexpr unsigned long kPlain = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  Must(mount("shm", "dev/shm", "tmpfs", kPlain, "mode=1777,size=65536k"), "shm");
  Must(mount("mqueue", "dev/mqueue", "mqueue", kPlain, nullptr), "mqueue");
  Must(mount("sysfs", "sys", "sysfs", kPlain | MS_RDONLY, nullptr), "sysfs");
  const struct {
    const char* path;
    unsigned int major, minor;
  } nodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
               {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
  for (const auto& node : nodes)
    Must(mknod(node.path, S_IFCHR | 0666, makedev(node.major, node.minor)), node.path);
  Must(symlink("/proc/self/fd", "dev/fd"), "dev/fd");
  Must(symlink("pts/ptmx", "dev/ptmx"), "dev/ptmx");
}

void Mask() {
  for (const char* path : {"/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list"})
    (void)mount("/dev/null", path, nullptr, MS_BIND, nullptr);  // not every kernel has them all
  for (const char* path :
       {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}) {
    if (mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) < 0) continue;
    Must(mount(path, path, nullptr,
               MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr),
         path);
  }
}

[[noreturn]] void Child(const char* root, int gate, int parents_end) {
  close(parents_end);  // else the end of the parent would not end the wait
  char byte;
  (void)!read(gate, &byte, 1);
  for (int i = 0; i < g_task_count; ++i) Must(write(g_tasks[i], "0", 1), "tasks");
  Must(mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "slave");
  Must(mount(root, root, nullptr, MS_BIND | MS_REC, nullptr), "root");
  Must(chdir(root), "chdir");
  Must(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "proc");
  MakeDev();
  Must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  Must(umount2(".", MNT_DETACH), "umount");
  Must(chdir("/"), "chdir");
  Mask();
  Must(mount(nullptr, "/", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), "read-only root");
  Must(sethostname("floor", 5), "sethostname");
  Must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  char program[] = "/bin/true";
  char path[] = "PATH=/bin";
  char* const argv[] = {program, nullptr};
  char* const envp[] = {path, nullptr};
  execve(program, argv, envp);
  perror(program);
  _exit(127);
}

// A v1 cpuset takes no process before it has processors and memory nodes.
void CopyFromAbove(const char* hierarchy, const char* group, const char* file) {
  char path[512];
  char value[128];
  snprintf(path, sizeof path, "%s/%s", hierarchy, file);
  const int from = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t size = read(from, value, sizeof value);
  close(from);
  snprintf(path, sizeof path, "%s/%s", group, file);
  const int to = open(path, O_WRONLY | O_CLOEXEC);
  Must(write(to, value, static_cast<size_t>(size)), path);
  close(to);
}

void Join(const char* hierarchy, pid_t pid) {
  char group[400];
  char path[512];
  snprintf(group, sizeof group, "%s/floor-%d", hierarchy, getpid());
  Must(mkdir(group, 0755), group);
  if (strstr(hierarchy, "cpuset") != nullptr) {
    CopyFromAbove(hierarchy, group, "cpuset.cpus");
    CopyFromAbove(hierarchy, group, "cpuset.mems");
  }
  if (g_joins_by_itself) {
    snprintf(path, sizeof path, "%s/tasks", group);
    g_tasks[g_task_count] = open(path, O_WRONLY | O_CLOEXEC);
    Must(g_tasks[g_task_count++], path);
    return;
  }
  snprintf(path, sizeof path, "%s/cgroup.procs", group);
  const int procs = open(path, O_WRONLY | O_CLOEXEC);
  Must(procs, path);
  char text[16];
  Must(write(procs, text, static_cast<size_t>(snprintf(text, sizeof text, "%d", pid))), path);
  close(procs);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "--join-by-itself") == 0) {
    g_joins_by_itself = true;
    --argc, ++argv;
  }
  if (argc < 2 || argc > kMostHierarchies)
    return fprintf(stderr, "usage: floor [--join-by-itself] ROOTFS HIERARCHY...\n"), 2;
  int gate[2];
  Must(pipe2(gate, O_CLOEXEC), "pipe");
  for (int i = 2; g_joins_by_itself && i < argc; ++i) Join(argv[i], 0);
  clone_args args{};
  args.flags =
      CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET;
  args.exit_signal = SIGCHLD;
  const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
  Must(pid, "clone3");
  if (pid == 0) Child(argv[1], gate[0], gate[1]);
  for (int i = 2; !g_joins_by_itself && i < argc; ++i) Join(argv[i], pid);
  Must(write(gate[1], "x", 1), "gate");
  int status = 0;
  Must(waitpid(pid, &status, 0), "waitpid");
  for (int i = 2; i < argc; ++i) {
    char group[512];
    snprintf(group, sizeof group, "%s/floor-%d", argv[i], getpid());
    Must(rmdir(group), group);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
