// SPDX-License-Identifier: Apache-2.0
#include "tests/support/need.h"

#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/base/file.h"
#include "runtime/base/strings.h"

namespace caisson::test {
namespace {

bool CanUnshare(int flags) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(flags) == 0 ? 0 : 1);
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

bool FileHolds(const std::string& path, std::string_view word) {
  const auto text = ReadFile(path);
  return text && text->find(word) != std::string::npos;
}

bool Has(Need need) {
  switch (need) {
    case Need::kRoot: return ::geteuid() == 0;
    case Need::kCgroupV1Memory:
      return ::access("/sys/fs/cgroup/memory/memory.limit_in_bytes", W_OK) == 0;
    case Need::kCgroupV2: return FileHolds("/sys/fs/cgroup/cgroup.controllers", "memory");
    case Need::kNetNs: return CanUnshare(CLONE_NEWNET);
    case Need::kUserNs: return CanUnshare(CLONE_NEWUSER);
    case Need::kNftables: {
      const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
      if (fd >= 0) ::close(fd);
      return fd >= 0;
    }
    case Need::kOverlay: return FileHolds("/proc/filesystems", "\toverlay\n");
    case Need::kBusybox: return ::access("/bin/busybox", X_OK) == 0;
  }
  return false;
}

std::string_view Name(Need need) {
  switch (need) {
    case Need::kRoot: return "Root";
    case Need::kCgroupV1Memory: return "CgroupV1Memory";
    case Need::kCgroupV2: return "CgroupV2";
    case Need::kNetNs: return "NetNs";
    case Need::kUserNs: return "UserNs";
    case Need::kNftables: return "Nftables";
    case Need::kOverlay: return "Overlay";
    case Need::kBusybox: return "Busybox";
  }
  return "?";
}

}  // namespace

std::string Missing(const std::vector<Need>& needs) {
  for (const Need need : needs) {
    if (!Has(need)) return StrCat("this host lacks ", Name(need));
  }
  return {};
}

bool MustHave(const std::vector<Need>& needs) {
  const char* const listed = std::getenv("CAISSON_TEST_NEEDS");
  if (listed == nullptr) return false;
  for (const Need need : needs) {
    if (Has(need)) continue;
    for (const auto word : Split(listed, ',')) {
      if (word == "all" || word == Name(need)) return true;
    }
  }
  return false;
}

}  // namespace caisson::test
