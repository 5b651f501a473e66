// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/self_exe.h"

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/fd.h"
#include "runtime/base/path.h"
#include "runtime/launch/self_remap.h"
#include "runtime/rootfs/calls_child.h"

namespace caisson::launch {
namespace {

constexpr char kSelf[] = "/proc/self/exe";
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Result<bool> IsSealed() {
  struct statfs info {};
  if (::statfs(kSelf, &info) < 0) return SysError("statfs", kSelf);
  if ((info.f_flags & ST_RDONLY) != 0) return true;
  if (info.f_type != TMPFS_MAGIC) return false;
  CAISSON_ASSIGN(const UniqueFd self, OpenAt(kCwd, kSelf, O_RDONLY));
  return (::fcntl(self.get(), F_GET_SEALS) & F_SEAL_WRITE) != 0;
}

Result<UniqueFd> CloneReadOnly() {
  bool cloned = false;
  UniqueFd clone(rootfs::CloneTreeWith(
      AT_FDCWD, kSelf, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, &cloned));
  if (!clone.valid()) return SysError(cloned ? "mount_setattr" : "open_tree", kSelf);
  return clone;
}

UniqueFd& Seal() {
  static UniqueFd seal;
  return seal;
}

Result<UniqueFd> CopyToSealedMemfd() {
  CAISSON_ASSIGN(const UniqueFd self, OpenAt(kCwd, kSelf, O_RDONLY));
  struct stat info {};
  if (::fstat(self.get(), &info) < 0) return SysError("fstat", kSelf);
#ifndef MFD_EXEC
  constexpr unsigned kMemfdExec = 0x10U;  // since 6.3, where it may have to be asked for
#else
  constexpr unsigned kMemfdExec = MFD_EXEC;
#endif
  UniqueFd copy(::memfd_create("caisson", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMemfdExec));
  if (!copy.valid()) copy = UniqueFd(::memfd_create("caisson", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy.valid()) return SysError("memfd_create", "caisson");
  off_t at = 0;
  while (at < info.st_size) {
    const auto rest = static_cast<std::size_t>(info.st_size - at);
    if (::sendfile(copy.get(), self.get(), &at, rest) <= 0) return SysError("sendfile", kSelf);
  }
  if (::fcntl(copy.get(), F_ADD_SEALS, kSeals) < 0) return SysError("seal", kSelf);
  return copy;
}

}  // namespace

Status SealSelfExe(char* const* argv, char* const* envp) {
  CAISSON_ASSIGN(const bool sealed, IsSealed());
  if (sealed) return Ok();
  auto clone = CloneReadOnly();
  if (clone) {
    // The cheap way: nothing is executed, nothing starts over.
    const auto file = OpenAt(kCwd, FdPath(*clone), O_RDONLY);
    if (file && RemapSelf(*file, argv, envp)) {
      Seal() = std::move(clone).value();
      return Ok();
    }
  } else {
    clone = CopyToSealedMemfd();
  }
  if (!clone) return std::move(clone).error();
  ::syscall(SYS_execveat, clone->get(), "", argv, envp, AT_EMPTY_PATH);
  return SysError("execveat", kSelf);
}

int SealFd() { return Seal().get(); }

void DropSealFd() { Seal().Reset(); }

}  // namespace caisson::launch
