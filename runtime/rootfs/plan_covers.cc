// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/plan_covers.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "runtime/rootfs/place.h"

namespace caisson::rootfs {
namespace {

// Entries of the kernel's own directories /proc and /sys that are no symlinks, so that the short
// form means the same as the whole path; and whether they are directories.
struct KernelEntry {
  std::string_view path;
  bool directory;
};
constexpr KernelEntry kKernelEntries[] = {{"proc/acpi", true},
                                          {"proc/asound", true},
                                          {"proc/bus", true},
                                          {"proc/fs", true},
                                          {"proc/interrupts", false},
                                          {"proc/irq", true},
                                          {"proc/kcore", false},
                                          {"proc/keys", false},
                                          {"proc/latency_stats", false},
                                          {"proc/sched_debug", false},
                                          {"proc/scsi", true},
                                          {"proc/sys", true},
                                          {"proc/sysrq-trigger", false},
                                          {"proc/timer_list", false},
                                          {"proc/timer_stats", false},
                                          {"sys/firmware", true}};

CoverStep MakeCover(PlanImpl& plan, const std::string& path) {
  CoverStep step;
  step.place = MakePlace(plan, path);
  const auto* const known =
      std::find_if(std::begin(kKernelEntries), std::end(kKernelEntries),
                   [&](const KernelEntry& entry) { return entry.path == step.place.target; });
  const int base = step.place.base;
  const bool ours = base >= 0 && plan.mounts[static_cast<std::size_t>(base)].real_directory &&
                    MountOn(plan, step.place.target) < 0;
  if (known == std::end(kKernelEntries) || !ours) step.place.leaf = nullptr;
  step.likely_directory = known != std::end(kKernelEntries) && known->directory;
  return step;
}

Status AddCovers(PlanImpl& plan, const std::vector<std::string>& paths, const char* field,
                 std::vector<CoverStep>& out) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!paths[i].starts_with('/'))
      return Error(Code::kInvalidSpec,
                   StrCat(field, "[", i, "]: \"", paths[i], "\" is not an absolute path"));
    out.push_back(MakeCover(plan, paths[i]));
  }
  return Ok();
}

// Read-only, because its inode is the host's: nobody in the container may change its mode or owner
// through a masked path. Writing to the device is not writing to the file system.
Status OpenNullDevice(Planner& planner) {
  if (planner.context.rootless) {
    planner.plan.view.open_null = true;
    return Ok();
  }
  CAISSON_ASSIGN(
      UniqueFd tree,
      OpenSourceTreeWith("/dev/null", false,
                         MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID, MS_PRIVATE));
  struct stat found;
  if (::fstatat(tree.get(), "", &found, AT_EMPTY_PATH) < 0) return SysError("fstat", "/dev/null");
  if (!S_ISCHR(found.st_mode) || found.st_rdev != makedev(1, 3))
    return Error(Code::kUnsupported, "the host's \"/dev/null\" is not the null device")
        .Hint("make it again: mknod -m 666 /dev/null c 1 3");
  planner.plan.view.null_fd = planner.plan.Keep(std::move(tree));
  return Ok();
}

}  // namespace

Status PlanCovers(Planner& planner) {
  PlanImpl& plan = planner.plan;
  const auto& config = planner.config.linux;
  CAISSON_TRY(AddCovers(plan, config.readonly_paths, "linux.readonlyPaths", plan.readonly));
  CAISSON_TRY(AddCovers(plan, config.masked_paths, "linux.maskedPaths", plan.masked));
  if (plan.masked.empty()) return Ok();
  if (planner.context.selinux && !config.mount_label.empty())
    plan.view.mask_label = plan.Keep(config.mount_label);
  return OpenNullDevice(planner);
}

}  // namespace caisson::rootfs
