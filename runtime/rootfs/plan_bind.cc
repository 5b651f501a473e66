// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "runtime/rootfs/id_mapped.h"
#include "runtime/rootfs/place.h"
#include "runtime/rootfs/plan_mounts.h"

namespace caisson::rootfs {
namespace {

constexpr std::uint64_t kLockable =
    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// Who names one flag of a bind decides on all of them, and who names one way to keep access times,
// on that; who names none keeps the source's. As in runc and crun, where a bind is remounted with
// what it names. In a user namespace the kernel would not let go of what the source has.
void TakeTheRestAway(TreeAttributes& out, const MountOptions& options, bool user_namespace) {
  if (!options.names_flag) return;
  const std::uint64_t own = user_namespace ? 0 : kLockable;
  out.clear |= (own | MOUNT_ATTR_NOSYMFOLLOW) & ~(out.set | out.set_below);
  if (!options.names_access_time || user_namespace) return;
  out.clear |= MOUNT_ATTR__ATIME;
  out.clear |= MOUNT_ATTR_NODIRATIME & ~(out.set | out.set_below);
}

// The host's propagation is cut or kept as rootfsPropagation says, unless the mount says it itself;
// calls that would do one after the other on a single mount become one.
TreeAttributes BindAttributes(const Planner& planner, const MountOptions& options) {
  TreeAttributes out = options.attributes;
  TakeTheRestAway(out, options, planner.context.user_namespace || planner.context.rootless);
  if (out.propagation_below == 0) out.propagation_below = planner.default_propagation;
  if (options.recursive_bind) return out;
  out.set = (out.set_below & ~out.clear) | out.set;
  out.clear = (out.clear_below & ~out.set) | out.clear;
  // A field, which mount_setattr(2) takes as a whole only.
  if ((out.clear & MOUNT_ATTR__ATIME) != 0) out.clear |= MOUNT_ATTR__ATIME;
  if (out.propagation == 0) out.propagation = out.propagation_below;
  out.set_below = out.clear_below = out.propagation_below = 0;
  return out;
}

// The user namespace whose mappings the mount gets: its own, or as the container's.
Result<FdView> MappingsFor(Planner& planner, const spec::Mount& mount) {
  const auto& config = planner.config.linux;
  if (!mount.uid_mappings.empty() || !mount.gid_mappings.empty())
    return planner.mapping_namespaces.For(mount.uid_mappings, mount.gid_mappings);
  if (planner.context.joined_user_namespace >= 0)
    return FdView::Raw(planner.context.joined_user_namespace);
  if (config.uid_mappings.empty())
    return Error(Code::kInvalidSpec, "options: idmap without mappings")
        .Hint("give the mount uidMappings and gidMappings, or the container a user namespace");
  return planner.mapping_namespaces.For(config.uid_mappings, config.gid_mappings);
}

Status MapTree(Planner& planner, const spec::Mount& mount, const MountOptions& options,
               MountStep& step) {
  if (!IsIdMapped(mount, options)) return Ok();
  if (planner.context.rootless)
    return Error(Code::kUnsupported, "options: idmap needs privileges on the host")
        .Hint("drop idmap and the mount's mappings, or run as root");
  CAISSON_ASSIGN(const FdView user_namespace, MappingsFor(planner, mount));
  const bool recursive = options.id_map == IdMapWish::kBelow;
  if (step.tree_fd >= 0)
    return MapIds(FdView::Raw(step.tree_fd), user_namespace, recursive, mount.source);
  UniqueFd kept(::fcntl(user_namespace.get(), F_DUPFD_CLOEXEC, 3));
  if (!kept.valid()) return SysError("dup", "user namespace");
  step.ask_map = true;
  planner.plan.asked_maps.emplace(planner.plan.mounts.size(),
                                  TreeMapping{std::move(kept), recursive});
  return Ok();
}

// Where the child sees the same host with the same rights it opens the source itself, at its turn:
// since Linux 6.8 mountinfo is sorted by when a mount was made, not attached, and it is to have the
// configuration's order. One descriptor at a time is enough then, too. But what is to stay a peer
// of the host's mount is opened before the host's propagation is cut.
bool ChildMayOpen(const Planner& planner, const spec::Mount& mount, const MountOptions& options) {
  const spec::Namespace* const own =
      planner.config.linux.FindNamespace(spec::NamespaceType::kMount);
  const bool joined = own != nullptr && !own->path.empty();
  const bool peers = planner.default_propagation == 0;
  return !joined && !peers && !planner.context.user_namespace && !IsIdMapped(mount, options);
}

Status CheckProcTree(const MountStep& step) {
  if (!step.only_procfs || step.tree_fd < 0) return Ok();
  struct statfs found;
  if (::fstatfs(step.tree_fd, &found) < 0) return SysError("fstatfs", "/proc");
  if (found.f_type == PROC_SUPER_MAGIC) return Ok();
  return Error(Code::kInvalidSpec, "source: only a procfs may lie on \"/proc\"");
}

// Where the mount's tree comes from: given, in the container's root, or of the host.
Status FindSource(Planner& planner, std::size_t index, const MountOptions& options,
                  MountStep& step) {
  const spec::Mount& mount = planner.config.mounts[index];
  const auto given = planner.context.mount_trees.find(index);
  if (given != planner.context.mount_trees.end()) {
    step.tree_fd = planner.plan.Keep(std::move(given->second));
    return Ok();
  }
  if (mount.source.empty()) return Error(Code::kInvalidSpec, "source: empty for a bind mount");
  const std::string path = mount.source.front() == '/'
                               ? mount.source
                               : StrCat(planner.context.bundle, "/", mount.source);
  if (const auto inside = BelowRoot(planner.plan, path)) {
    step.in_root = true;
    step.source = planner.plan.Keep(FromRoot(*inside));
    return Ok();
  }
  if (!ChildMayOpen(planner, mount, options)) return OpenOrLeave(planner, step, path);
  step.source = planner.plan.Keep(path);
  return Ok();
}

}  // namespace

bool IsBind(const spec::Mount& mount, const MountOptions& options) {
  return options.bind || mount.type == "bind" || mount.type == "rbind";
}

bool IsIdMapped(const spec::Mount& mount, const MountOptions& options) {
  return options.id_map != IdMapWish::kNone || !mount.uid_mappings.empty() ||
         !mount.gid_mappings.empty();
}

Status PlanBind(Planner& planner, std::size_t index, const MountOptions& options, MountStep step) {
  const spec::Mount& mount = planner.config.mounts[index];
  for (const std::string& data : options.data)
    planner.plan.warnings.push_back(StrCat(MountName(planner.config, index), ": option \"", data,
                                           "\" means nothing to a bind mount"));
  step.kind = MountKind::kTree;
  step.find_kind = true;
  step.recursive = options.recursive_bind;
  step.only_procfs = std::string_view(step.place.target) == "proc";
  step.attributes = BindAttributes(planner, options);
  CAISSON_TRY(FindSource(planner, index, options, step));
  CAISSON_TRY(CheckProcTree(step));
  // Ids first: a tree that is read-only already may still get its mappings, never the reverse.
  CAISSON_TRY(MapTree(planner, mount, options, step));
  if (step.tree_fd >= 0)
    CAISSON_TRY(SetTreeAttributes(FdView::Raw(step.tree_fd), step.attributes, mount.source));
  planner.plan.mounts.push_back(step);
  return Ok();
}

Status OpenOrLeave(Planner& planner, MountStep& step, const std::string& source) {
  step.source = planner.plan.Keep(source);
  if (planner.context.rootless) return Ok();
  CAISSON_ASSIGN(UniqueFd tree, OpenSourceTree(source, step.recursive));
  step.tree_fd = planner.plan.Keep(std::move(tree));
  return Ok();
}

}  // namespace caisson::rootfs
