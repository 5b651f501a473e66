// SPDX-License-Identifier: Apache-2.0
// What a hostile program in a container tries, one mode each. It prints what it got; nothing is
// what it should get.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

namespace {

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

double Now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string LinkText(const std::string& path) {
  char text[4096];
  const ssize_t size = ::readlink(path.c_str(), text, sizeof text);
  return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
}

// Every descriptor of this process but 0, 1 and 2, whether close-on-exec or not.
int ListDescriptors() {
  for (int fd = 3; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) continue;
    ::printf("%d %s\n", fd, LinkText("/proc/self/fd/" + std::to_string(fd)).c_str());
  }
  return 0;
}

void TryProcess(pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  if (::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) == 0) {
    ::printf("ptrace %d\n", pid);
    ::waitpid(pid, nullptr, __WALL);
    ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  }
  const int root = ::open((proc + "/root").c_str(), O_PATH | O_DIRECTORY);
  if (root >= 0 && ::faccessat(root, "etc/debian_version", F_OK, 0) == 0)
    ::printf("root of %d\n", pid);
  if (root >= 0) ::close(root);
  for (int fd = 3; fd < 40; ++fd) {
    const int got = ::open((proc + "/fd/" + std::to_string(fd)).c_str(), O_PATH);
    if (got < 0) continue;
    const std::string text = LinkText("/proc/self/fd/" + std::to_string(got));
    struct stat found;
    if (::fstat(got, &found) == 0 && S_ISDIR(found.st_mode))
      ::printf("directory of %d: %s\n", pid, text.c_str());
    ::close(got);
  }
}

// Attacks every process that appears beside this one and its first child, for some seconds.
int Stalk(double seconds) {
  const double end = Now() + seconds;
  ::puts("ready");
  ::fflush(stdout);
  while (Now() < end) {
    for (pid_t pid = ::getpid() + 1; pid < ::getpid() + 400; ++pid) TryProcess(pid);
  }
  ::puts("done");
  return 0;
}

// Waits for a process whose program is not in this root, and tries to write to it by all means.
int Overwrite(double seconds) {
  const double end = Now() + seconds;
  int kept = -1;
  ::puts("ready");
  ::fflush(stdout);
  while (Now() < end && kept < 0) {
    for (pid_t pid = 2; pid < 400 && kept < 0; ++pid) {
      const std::string exe = "/proc/" + std::to_string(pid) + "/exe";
      const std::string text = LinkText(exe);
      // A program of a detached mount has no path here, a sealed copy has a memfd's.
      const bool foreign = text == "/" || text.find("caisson") != std::string::npos;
      if (!foreign) continue;
      kept = ::open(exe.c_str(), O_RDONLY | O_CLOEXEC);
      if (kept < 0) continue;
      ::printf("opened %s\n", text.c_str());
      ::kill(pid, SIGKILL);
    }
  }
  if (kept < 0) return ::puts("never seen"), 0;
  const std::string again = "/proc/self/fd/" + std::to_string(kept);
  int worst = 0;
  // While it runs the answer is ETXTBSY; what counts is the one afterwards.
  while (Now() < end) {
    const int writable = ::open(again.c_str(), O_WRONLY | O_CLOEXEC);
    if (writable >= 0) return ::puts("WRITABLE"), 0;
    worst = errno;
    if (worst == EROFS || worst == EACCES || worst == EPERM) break;
  }
  ::printf("%s\n", ::strerrorname_np(worst));
  return 0;
}

int Exchange(const char* a, const char* b) {
  while (true) ::syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
}

// Makes nodes of devices that the container was not given, and opens them.
int OpenDevices() {
  const struct {
    const char* name;
    mode_t type;
    unsigned major;
    unsigned minor;
  } devices[] = {{"kmsg", S_IFCHR, 1, 11}, {"mem", S_IFCHR, 1, 1}, {"vda", S_IFBLK, 254, 0}};
  for (const auto& device : devices) {
    const std::string path = std::string("/dev/shm/") + device.name;
    const bool made =
        ::mknod(path.c_str(), device.type | 0600, makedev(device.major, device.minor)) == 0;
    const int made_errno = errno;
    const int fd = ::open(made ? path.c_str() : "/nothing", O_RDONLY | O_NONBLOCK);
    ::printf("%s: %s\n", device.name,
             fd >= 0 ? "OPEN" : ::strerrorname_np(made ? errno : made_errno));
  }
  return 0;
}

// A mount below `prefix` that lies over something else than what it shows. Both names of a mount
// change together when they are exchanged, but are read one after the other: only one that differs
// each time it is looked at counts.
int LookAtCovers(const std::string& prefix) {
  for (int looks = 0; looks < 20; ++looks) {
    bool differs = false;
    std::ifstream mounts("/proc/self/mountinfo");
    std::string id, parent, device, root, point, rest;
    while (mounts >> id >> parent >> device >> root >> point && std::getline(mounts, rest))
      differs |= point.rfind(prefix, 0) == 0 && rest.find(" tmpfs ") == rest.npos &&
                 root.rfind("/null") == root.npos && !EndsWith(root, point);
    if (!differs) return 0;
  }
  ::puts("HOST");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "descriptors") return ListDescriptors();
  if (mode == "stalk") return Stalk(::atof(argv[2]));
  if (mode == "overwrite") return Overwrite(::atof(argv[2]));
  if (mode == "exchange") return Exchange(argv[2], argv[3]);
  if (mode == "covers") return LookAtCovers(argv[2]);
  if (mode == "devices") return OpenDevices();
  return 2;
}
