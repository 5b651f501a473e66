// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/plan_mounts.h"

#include <sys/mount.h>

#include <algorithm>

#include "runtime/base/path.h"
#include "runtime/rootfs/place.h"

namespace caisson::rootfs {
namespace {

// Files of procfs that may be covered: what lxcfs and the like put there.
constexpr std::string_view kCoverableProcFiles[] = {"proc/cpuinfo",
                                                    "proc/diskstats",
                                                    "proc/loadavg",
                                                    "proc/meminfo",
                                                    "proc/slabinfo",
                                                    "proc/stat",
                                                    "proc/swaps",
                                                    "proc/uptime",
                                                    "proc/sys/crypto/fips_enabled",
                                                    "proc/sys/kernel/ns_last_pid"};

// File systems without a device: "ro" is a matter of the mount, not of the file system.
constexpr std::string_view kVirtual[] = {"cgroup", "cgroup2", "devpts", "mqueue",
                                         "proc",   "sysfs",   "tmpfs"};
bool IsVirtual(std::string_view type) {
  return std::find(std::begin(kVirtual), std::end(kVirtual), type) != std::end(kVirtual);
}

// CVE-2019-16884: only procfs on /proc, and nothing but the exceptions below it.
Status CheckTarget(const spec::Mount& mount, const MountOptions& options, const Place& place) {
  const std::string_view target = place.target;
  if (options.remount) return Ok();
  if (target == ".")
    return Error(Code::kInvalidSpec, "destination: \"/\" is the root itself")
        .Hint("set root.path, or mount below it");
  if (!IsWithin(target, "proc")) return Ok();
  if (target == "proc") {
    if (mount.type == "proc" || IsBind(mount, options)) return Ok();
    return Error(Code::kInvalidSpec, "destination: only a procfs may lie on \"/proc\"")
        .Hint("set the mount's type to proc");
  }
  if (std::find(std::begin(kCoverableProcFiles), std::end(kCoverableProcFiles), target) !=
          std::end(kCoverableProcFiles) &&
      IsBind(mount, options))
    return Ok();
  return Error(Code::kInvalidSpec,
               StrCat("destination: \"", place.shown_as, "\" lies inside /proc"))
      .Hint("only lxcfs-like files may be covered there: cpuinfo, meminfo, stat, uptime, ...");
}

// One that is told by its host path below the root is meant inside, as in runc.
std::string Destination(const PlanImpl& plan, const spec::Mount& mount) {
  return BelowRoot(plan, mount.destination).value_or(mount.destination);
}

void AddOption(PlanImpl& plan, std::vector<FsOption>& list, std::string_view option) {
  const auto equals = option.find('=');
  if (equals == std::string_view::npos) {
    list.push_back({plan.Keep(option), nullptr});
  } else {
    list.push_back({plan.Keep(option.substr(0, equals)), plan.Keep(option.substr(equals + 1))});
  }
}

// fsconfig(2) takes 255 bytes a value; overlayfs takes its lower directories one by one as well.
void AddLowerDirs(PlanImpl& plan, std::vector<FsOption>& list, std::string_view value) {
  for (const auto part : Split(value, ':'))
    list.push_back({plan.Keep("lowerdir+"), plan.Keep(part)});
}

void SetOptions(Planner& planner, const spec::Mount& mount, const MountOptions& options,
                MountStep& step) {
  PlanImpl& plan = planner.plan;
  std::vector<FsOption> list;
  constexpr std::string_view kLower = "lowerdir=";
  constexpr std::size_t kLongest = 255;
  if (!mount.source.empty() && step.kind == MountKind::kFilesystem)
    list.push_back({plan.Keep("source"), plan.Keep(mount.source)});
  for (const std::string& flag : options.superblock) list.push_back({plan.Keep(flag), nullptr});
  const bool readonly = (step.attributes.set & MOUNT_ATTR_RDONLY) != 0;
  if (readonly && !IsVirtual(mount.type)) list.push_back({plan.Keep("ro"), nullptr});
  const bool writable = (step.attributes.clear & MOUNT_ATTR_RDONLY) != 0;
  if (writable && step.kind == MountKind::kRemount) list.push_back({plan.Keep("rw"), nullptr});
  for (const std::string& option : options.data) {
    // Every devpts is an instance of its own since Linux 4.7.
    if (mount.type == "devpts" && option == "newinstance") continue;
    const bool long_lower = option.starts_with(kLower) && option.size() > kLongest;
    if (mount.type == "overlay" && long_lower) {
      AddLowerDirs(plan, list, std::string_view(option).substr(kLower.size()));
    } else {
      AddOption(plan, list, option);
    }
  }
  const std::string& label = planner.config.linux.mount_label;
  const bool labelled = mount.type != "proc" && mount.type != "sysfs" && mount.type != "mqueue";
  if (planner.context.selinux && !label.empty() && labelled)
    list.push_back({plan.Keep("context"), plan.Keep(label)});
  step.option_count = static_cast<std::uint32_t>(list.size());
  step.options = plan.option_lists.emplace_back(std::move(list)).data();
}

// In a user namespace without a network namespace of its own the kernel refuses sysfs: the host's
// is shown instead, with everything below it read-only.
Status AddSysFallback(Planner& planner, MountStep& step) {
  const RootfsContext& context = planner.context;
  if (!context.user_namespace || context.new_network_namespace) return Ok();
  if (context.rootless) {
    step.fallback_source = "/sys";
    return Ok();
  }
  CAISSON_ASSIGN(UniqueFd tree, OpenSourceTree("/sys", true));
  TreeAttributes attributes;
  attributes.set_below = step.attributes.set | MOUNT_ATTR_RDONLY;
  attributes.propagation_below = MS_SLAVE;
  CAISSON_TRY(SetTreeAttributes(tree, attributes, "/sys"));
  step.fallback_fd = planner.plan.Keep(std::move(tree));
  return Ok();
}

bool IsEmptyBase(const PlanImpl& plan, const Place& place) {
  if (place.base < 0) return false;
  const MountStep& base = plan.mounts[static_cast<std::size_t>(place.base)];
  if (base.kind != MountKind::kFilesystem || base.copy_up) return false;
  if (std::string_view(base.fs_type) != "tmpfs") return false;
  return MountOn(plan, place.target) < 0;
}

Status PlanFilesystem(Planner& planner, std::size_t index, const MountOptions& options,
                      MountStep step) {
  const spec::Mount& mount = planner.config.mounts[index];
  PlanImpl& plan = planner.plan;
  if (mount.type.empty())
    return Error(Code::kInvalidSpec, "type: empty for a mount that is not a bind");
  step.kind = MountKind::kFilesystem;
  step.fs_type = plan.Keep(mount.type);
  step.real_directory = mount.type == "proc" || mount.type == "sysfs";
  step.target_missing = IsEmptyBase(plan, step.place);
  step.copy_up = options.copy_up;
  const auto is_given = [&](std::string_view option) {
    return std::any_of(options.data.begin(), options.data.end(),
                       [&](const std::string& given) { return given.starts_with(option); });
  };
  step.takes_mode = mount.type == "tmpfs" && !is_given("mode=");
  step.takes_owner = options.copy_up && !is_given("uid=") && !is_given("gid=");
  if (options.copy_up && mount.type != "tmpfs")
    return Error(Code::kInvalidSpec, "options: tmpcopyup is for tmpfs");
  step.attributes.set = options.attributes.set | options.attributes.set_below;
  step.attributes.propagation =
      options.attributes.propagation | options.attributes.propagation_below;
  SetOptions(planner, mount, options, step);
  // Mount points and devices may still have to be made in it.
  if (mount.type == "tmpfs" && (step.attributes.set & MOUNT_ATTR_RDONLY) != 0) {
    step.attributes.set &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
    step.late_readonly = step.keep_open = true;
  }
  if (mount.type == "sysfs") CAISSON_TRY(AddSysFallback(planner, step));
  const std::string_view target = step.place.target;
  const auto own = static_cast<std::int32_t>(plan.mounts.size());
  const bool plain = options.data.empty() && (step.attributes.set & MOUNT_ATTR_RDONLY) == 0;
  if (mount.type == "proc" && target == "proc") {
    step.keep_open = true;
    plan.view.proc_step = plain ? own : -1;
  }
  if (mount.type == "devpts" && target == "dev/pts") {
    step.keep_open = true;
    plan.view.devpts_step = own;
  }
  plan.mounts.push_back(step);
  return Ok();
}

Status PlanRemount(Planner& planner, std::size_t index, const MountOptions& options,
                   MountStep step) {
  const spec::Mount& mount = planner.config.mounts[index];
  step.kind = MountKind::kRemount;
  step.attributes = options.attributes;
  // Of a bind, the mount alone: its file system may be the host's.
  if (!IsBind(mount, options)) SetOptions(planner, mount, options, step);
  planner.plan.mounts.push_back(step);
  return Ok();
}

}  // namespace

std::string MountName(const spec::Config& config, std::size_t index) {
  const spec::Mount& mount = config.mounts[index];
  return StrCat("mount #", index, " ", mount.type.empty() ? "bind" : mount.type, " on \"",
                mount.destination, "\"");
}

Status PlanMount(Planner& planner, std::size_t index) {
  const spec::Mount& mount = planner.config.mounts[index];
  CAISSON_ASSIGN(const MountOptions options, ParseMountOptions(mount.options));
  MountStep step;
  step.config_index = static_cast<std::uint32_t>(index);
  step.place = MakePlace(planner.plan, Destination(planner.plan, mount));
  step.inside_proc = IsWithin(step.place.target, "proc");
  CAISSON_TRY(CheckTarget(mount, options, step.place));
  if (options.remount) return PlanRemount(planner, index, options, step);
  if (IsBind(mount, options)) return PlanBind(planner, index, options, step);
  if (IsIdMapped(mount, options))
    return Error(Code::kInvalidSpec, "uidMappings: only a bind mount can be id-mapped");
  if (mount.type == "cgroup" || (mount.type == "cgroup2" && !planner.context.cgroups.empty()))
    return PlanCgroupMount(planner, index, options);
  return PlanFilesystem(planner, index, options, step);
}

}  // namespace caisson::rootfs
