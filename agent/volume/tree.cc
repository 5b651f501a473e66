// SPDX-License-Identifier: Apache-2.0
#include "agent/volume/tree.h"

#include <fts.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <memory>

#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::volume {
namespace {

// As OpenInRoot, but what would leave is an error (EXDEV) and is not led back inside.
Result<UniqueFd> OpenBeneath(FdView root, const std::string& path, int flags) {
  constexpr int kMaxTries = 128;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int tries = 1;; ++tries) {
    const long fd = ::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    const bool transient = errno == EINTR || errno == EAGAIN;
    if (!transient || tries == kMaxTries) return SysError("openat2", path);
  }
}

Error Outside(const std::string& sub_path) {
  return Error(Code::kInvalidSpec, StrCat("subPath \"", sub_path, "\" leads outside the volume"));
}

// Makes the missing directories one by one, each on the one that was opened before.
Result<UniqueFd> MakeBeneath(FdView root, const std::string& sub_path) {
  CAISSON_ASSIGN(UniqueFd at, OpenAt(root, ".", O_PATH | O_DIRECTORY));
  std::string done = ".";
  for (const std::string_view part : Split(sub_path, '/')) {
    if (part.empty() || part == ".") continue;
    done.append("/").append(part);
    auto next = OpenBeneath(root, done, O_PATH | O_DIRECTORY);
    if (!next && next.error().sys_errno() == ENOENT) {
      const std::string name(part);
      if (::mkdirat(at.get(), name.c_str(), 0755) < 0 && errno != EEXIST)
        return SysError("mkdir", done);
      next = OpenAt(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    }
    if (!next) return std::move(next).error();
    at = std::move(next).value();
  }
  return at;
}

}  // namespace

Status MountTmpfs(const std::string& folder, std::optional<std::uint64_t> size_bytes) {
  const UniqueFd context(::fsopen("tmpfs", FSOPEN_CLOEXEC));
  if (!context.valid()) return SysError("fsopen", "tmpfs");
  const auto set = [&](const char* key, const std::string& value) -> Status {
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0) return Ok();
    return SysError(StrCat("fsconfig ", key), value);
  };
  CAISSON_TRY(set("source", "caisson-emptydir"));
  CAISSON_TRY(set("mode", "0777"));
  if (size_bytes) CAISSON_TRY(set("size", StrCat(*size_bytes)));
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0)
    return SysError("create mount", "tmpfs");
  const UniqueFd mount(
      ::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  if (!mount.valid()) return SysError("fsmount", "tmpfs");
  if (::move_mount(mount.get(), "", AT_FDCWD, folder.c_str(), MOVE_MOUNT_F_EMPTY_PATH) < 0)
    return SysError("move_mount", folder);
  return Ok();
}

Result<UniqueFd> OpenSubPath(FdView root, const std::string& sub_path) {
  if (sub_path.starts_with('/')) return Outside(sub_path);
  for (const std::string_view part : Split(sub_path, '/'))
    if (part == "..") return Outside(sub_path);
  auto fd = OpenBeneath(root, sub_path, O_PATH);
  if (!fd && fd.error().sys_errno() == ENOENT) fd = MakeBeneath(root, sub_path);
  if (!fd && fd.error().sys_errno() == EXDEV) return Outside(sub_path);
  if (!fd) return std::move(fd).error().Wrap("subPath");
  return fd;
}

Result<UniqueFd> CloneTree(FdView path, const std::string& shown_as) {
  const int tree = ::open_tree(path.get(), "",
                               OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
  if (tree < 0) return SysError("open_tree", shown_as);
  return UniqueFd(tree);
}

Result<std::uint64_t> MeasureTree(FdView dir) {
  std::string path = FdPath(dir) + "/.";
  const std::array<char*, 2> roots = {path.data(), nullptr};
  const auto closer = [](FTS* walk) { ::fts_close(walk); };
  const std::unique_ptr<FTS, decltype(closer)> walk(
      ::fts_open(roots.data(), FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, nullptr), closer);
  if (!walk) return SysError("fts_open", path);
  constexpr std::uint64_t kBlock = 512;
  std::uint64_t bytes = 0;
  while (const FTSENT* const item = ::fts_read(walk.get())) {
    const bool counted = item->fts_info == FTS_F || item->fts_info == FTS_D ||
                         item->fts_info == FTS_SL || item->fts_info == FTS_DEFAULT;
    if (counted) bytes += static_cast<std::uint64_t>(item->fts_statp->st_blocks) * kBlock;
  }
  return bytes;
}

}  // namespace caisson::volume
