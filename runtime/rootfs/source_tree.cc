// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/source_tree.h"

#include "runtime/rootfs/calls_child.h"
#include "runtime/rootfs/id_mapped.h"

namespace caisson::rootfs {

Result<UniqueFd> OpenSourceTree(const std::string& host_path, bool recursive) {
  const int tree = CloneTree(AT_FDCWD, host_path.c_str(), recursive ? AT_RECURSIVE : 0U);
  if (tree >= 0) return UniqueFd(tree);
  return SourceError(host_path, errno);
}

Result<UniqueFd> OpenSourceTreeWith(const std::string& host_path, bool recursive, std::uint64_t set,
                                    std::uint64_t propagation) {
  bool cloned = false;
  const int tree = CloneTreeWith(AT_FDCWD, host_path.c_str(), recursive ? AT_RECURSIVE : 0U, set,
                                 propagation, &cloned);
  if (tree >= 0) return UniqueFd(tree);
  if (cloned) return SysError("mount_setattr", host_path);
  return SourceError(host_path, errno);
}

Error SourceError(std::string_view host_path, int sys_errno) {
  Error error = SysError("open_tree", host_path, sys_errno);
  switch (error.sys_errno()) {
    case ENOENT: return std::move(error).Hint("create the source, or correct its path");
    case EINVAL:
      return std::move(error).Hint(
          "take a source that is mounted here, is not unbindable, and hides no locked mounts");
    case EMFILE: return std::move(error).Hint("raise the limit of open files (RLIMIT_NOFILE)");
    default: return error;
  }
}

Status SetTreeAttributes(FdView tree, const TreeAttributes& attributes, std::string_view shown_as) {
  if (ApplyAttributes(tree.get(), attributes) == 0) return Ok();
  Error error = SysError("mount_setattr", shown_as);
  if (error.sys_errno() == EPERM)
    return std::move(error).Hint(
        "keep the source's own flags (ro, nosuid, nodev, noexec): they are locked here");
  return error;
}

Result<FdView> MappingNamespaces::For(const std::vector<spec::IdMapping>& uids,
                                      const std::vector<spec::IdMapping>& gids) {
  for (const Entry& entry : made_) {
    if (entry.uids == uids && entry.gids == gids) return FdView(entry.fd);
  }
  CAISSON_ASSIGN(UniqueFd fd, MakeMappingNamespace(uids, gids));
  made_.push_back({uids, gids, std::move(fd)});
  return FdView(made_.back().fd);
}

}  // namespace caisson::rootfs
