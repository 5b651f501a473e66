// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/small_root.h"

#include <sched.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <array>
#include <utility>

#include "agent/keeper_client/keeper_config.h"
#include "runtime/base/fd.h"
#include "runtime/base/path.h"

namespace caisson::keeper {
namespace {

enum class Depth { kThisMount, kAndBelow };

Result<UniqueFd> CloneTree(const std::string& path, Depth depth) {
  const unsigned recursive = depth == Depth::kAndBelow ? AT_RECURSIVE : 0;
  UniqueFd tree(
      ::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive));
  if (!tree.valid()) return SysError("open_tree", path);
  return tree;
}

Result<UniqueFd> MakeTmpfs() {
  const UniqueFd context(::fsopen("tmpfs", FSOPEN_CLOEXEC));
  if (!context.valid()) return SysError("fsopen", "tmpfs");
  if (::fsconfig(context.get(), FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
      ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0)
    return SysError("fsconfig", "tmpfs");
  UniqueFd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  if (!mount.valid()) return SysError("fsmount", "tmpfs");
  return mount;
}

Status AttachAt(const UniqueFd& tree, const UniqueFd& target, const std::string& path) {
  if (::move_mount(tree.get(), "", target.get(), "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
    return SysError("move_mount", path);
  return Ok();
}

Status AttachProgram(const UniqueFd& program, const UniqueFd& root) {
  CAISSON_ASSIGN(const UniqueFd folder, MakeDirsInRoot(root, "bin", 0755));
  CAISSON_ASSIGN(const UniqueFd target,
                 OpenInRoot(root, kProgramInSmallRoot, O_RDONLY | O_CREAT, 0755));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(program.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
    return SysError("mount_setattr", kProgramInSmallRoot);
  return AttachAt(program, target, kProgramInSmallRoot);
}

Result<std::string> OwnPath() {
  std::array<char, 4096> path;
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size < 0) return SysError("readlink", "/proc/self/exe");
  return std::string(path.data(), static_cast<std::size_t>(size));
}

Status MakeRoot(const UniqueFd& root) {
  if (::fchdir(root.get()) < 0) return SysError("fchdir", "small root");
  // The old root is stacked over the new one and taken away again: pivot_root(2), "NOTES".
  if (::syscall(SYS_pivot_root, ".", ".") < 0) return SysError("pivot_root", "small root");
  if (::umount2(".", MNT_DETACH) < 0) return SysError("umount2", "old root");
  if (::chdir("/") < 0) return SysError("chdir", "/");
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof attributes) < 0)
    return SysError("mount_setattr", "small root");
  return Ok();
}

}  // namespace

Status EnterSmallRoot(const std::vector<std::string>& visible) {
  if (::unshare(CLONE_NEWNS) < 0) return SysError("unshare", "mount namespace");
  mount_attr attributes{};
  attributes.propagation = MS_PRIVATE;
  if (::mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) < 0)
    return SysError("mount_setattr", "propagation of /");

  std::vector<std::pair<std::string, Depth>> sources = {{"/proc", Depth::kThisMount},
                                                        {"/sys", Depth::kThisMount},
                                                        {"/sys/fs/cgroup", Depth::kAndBelow},
                                                        {"/dev", Depth::kThisMount}};
  // For pods in the host's ipc namespace.
  if (::access("/dev/shm", F_OK) == 0) sources.emplace_back("/dev/shm", Depth::kThisMount);
  for (const std::string& path : visible) sources.emplace_back(path, Depth::kThisMount);
  // A program with a loader (a developer's build; the release is static) needs its libraries.
  if (::getauxval(AT_BASE) != 0) {
    for (const char* path : {"/usr", "/lib", "/lib64"}) {
      if (::access(path, F_OK) == 0) sources.emplace_back(path, Depth::kThisMount);
    }
  }
  std::vector<std::pair<std::string, UniqueFd>> trees;
  for (const auto& [path, depth] : sources) {
    CAISSON_ASSIGN(UniqueFd tree, CloneTree(path, depth));
    trees.emplace_back(path, std::move(tree));
  }
  // By its path: the mount that /proc/self/exe leads to belongs to the namespace just left.
  CAISSON_ASSIGN(const std::string own_path, OwnPath());
  CAISSON_ASSIGN(const UniqueFd program, CloneTree(own_path, Depth::kThisMount));

  CAISSON_ASSIGN(const UniqueFd root, MakeTmpfs());
  // It has to be mounted somewhere before it can become the root; the place is of no consequence.
  if (::move_mount(root.get(), "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0)
    return SysError("move_mount", "small root");
  for (const auto& [path, tree] : trees) {
    CAISSON_ASSIGN(const UniqueFd target, MakeDirsInRoot(root, path, 0755));
    CAISSON_TRY(AttachAt(tree, target, path));
  }
  CAISSON_TRY(AttachProgram(program, root));
  CAISSON_ASSIGN(const UniqueFd shm, MakeDirsInRoot(root, keeper_client::kShmPath, 0755));
  return MakeRoot(root);
}

}  // namespace caisson::keeper
