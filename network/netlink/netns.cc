// SPDX-License-Identifier: Apache-2.0
#include "network/netlink/netns.h"

#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cstdlib>

#include "runtime/base/log.h"
#include "runtime/base/path.h"

namespace caisson::network {

Result<UniqueFd> OpenOwnNetns() { return OpenAt(kCwd, "/proc/thread-self/ns/net", O_RDONLY); }

Result<ino_t> NetnsInode(FdView netns) {
  const int kind = ::ioctl(netns.get(), NS_GET_NSTYPE);
  if (kind != CLONE_NEWNET)
    return Error(Code::kInvalidSpec, "descriptor is not a network namespace", errno);
  struct stat info {};
  if (::fstat(netns.get(), &info) < 0) return SysError("fstat", "network namespace");
  return info.st_ino;
}

Status InNetns(FdView netns, const std::function<Status()>& action) {
  CAISSON_ASSIGN(const UniqueFd home, OpenOwnNetns());
  if (::setns(netns.get(), CLONE_NEWNET) < 0) return SysError("setns", "network namespace");
  Status done = action();
  if (::setns(home.get(), CLONE_NEWNET) < 0) {
    Log(LogLevel::kError, SysError("setns", "the agent's own network namespace").message());
    std::abort();
  }
  return done;
}

}  // namespace caisson::network
