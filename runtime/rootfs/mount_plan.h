// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace caisson::rootfs {

// What the child does to the file system, as plain data. The parent builds it and owns all memory;
// the child reads it at the same addresses after clone3(2) and writes the descriptors that it opens
// into its own copy. Every path is relative to the container's root, without a leading '/'.

// What mount_setattr(2) gives one tree. Source: mount_setattr(2), since 5.12.
struct TreeAttributes {
  std::uint64_t set = 0;  // MOUNT_ATTR_*, on the top mount
  std::uint64_t clear = 0;
  std::uint64_t set_below = 0;  // on every mount of the tree ("rro")
  std::uint64_t clear_below = 0;
  std::uint64_t propagation = 0;        // MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; the top
  std::uint64_t propagation_below = 0;  // on every mount of the tree; applied before `propagation`
};

// One fsconfig(2) call; a flag when `value` is null.
struct FsOption {
  const char* key = nullptr;
  const char* value = nullptr;
};

enum class MountKind : std::uint8_t {
  kTree,        // attach a detached tree
  kFilesystem,  // fsopen(2) in the container's namespaces, then attach
  kRemount,     // change what is mounted at the target
  kSymlink,     // a link in the mount of step `base` (v1 cgroups mounted together)
  kAttributes,  // apply `attributes` to the mount of step `base` and all below it
};

// Where something goes. The short form (`leaf`) names one component of a directory that we have
// open already: no symlink is followed and nothing but that directory's own entry can be meant.
struct Place {
  std::int32_t base = -1;          // the step whose mount's root is that directory; -1: the root
  const char* leaf = nullptr;      // null: only `target` will do
  const char* target = nullptr;    // whole
  const char* shown_as = nullptr;  // "/dev/pts"
};

struct MountStep {
  MountKind kind = MountKind::kTree;
  bool is_directory = true;     // what to create when the target is missing
  bool find_kind = false;       // kTree: ask the tree instead of `is_directory`
  bool real_directory = false;  // the target itself must be no symlink: proc and sysfs
  bool only_procfs = false;     // kTree: refused unless it is procfs
  bool inside_proc = false;     // the target may lie in procfs: it is on the list of exceptions
  bool target_missing = false;  // likely: it lies in a file system that is empty yet
  bool copy_up = false;         // tmpcopyup
  bool takes_mode = false;      // a tmpfs looks as the directory that it covers, if there is one
  bool takes_owner = false;
  bool late_readonly = false;  // becomes read-only in ProtectRoot: things are made in it before
  bool keep_open = false;      // another step needs tree_fd
  bool recursive = true;       // kTree opened by the child: with its submounts
  bool in_root = false;        // kTree: `source` is looked up in the container's root
  bool ask_map = false;        // kTree opened by the child: the parent is to map its ids
  Place place;
  std::int32_t tree_fd = -1;              // kTree: detached; kFilesystem: filled in by the child
  std::int32_t fallback_fd = -1;          // kFilesystem: attached when the kernel says EPERM
  const char* fallback_source = nullptr;  // the same, opened by the child
  // kTree without tree_fd: host path, or with `in_root` one in the root; kSymlink: the link's text
  const char* source = nullptr;
  const char* fs_type = nullptr;
  const FsOption* options = nullptr;
  std::uint32_t option_count = 0;
  std::uint32_t config_index = 0;  // in config.mounts
  TreeAttributes attributes;
};

struct DeviceStep {
  Place place;
  mode_t mode = 0;  // type and permissions
  dev_t rdev = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  bool bind = false;             // attach the host's node instead of making one
  std::int32_t tree_fd = -1;     // with `bind`: detached
  const char* source = nullptr;  // with `bind` and without tree_fd: opened by the child
};

struct LinkStep {
  Place place;
  const char* text = nullptr;
};

// A masked or read-only path.
struct CoverStep {
  Place place;
  bool likely_directory = false;  // what to try first
};

enum class RootTurn : std::uint8_t {
  kPivot,          // pivot_root(2)
  kChroot,         // the tree lies over "/", then chroot(2): --no-pivot
  kHostNamespace,  // the tree lies at its path on the host, then chroot(2): no mount namespace
};

// Everything, trivially copyable. Made by RootfsPlan::View.
struct RootfsView {
  std::int32_t root_fd = -1;          // the root's tree; detached until PrepareRoot
  const char* root_source = nullptr;  // without root_fd: host path, opened by the child
  const char* attach_path = nullptr;  // host path where hooks expect the root; null: over "/"
  TreeAttributes root_attributes;
  RootTurn turn = RootTurn::kPivot;
  bool readonly_root = false;
  std::uint64_t root_propagation = 0;  // at the end; 0: as it is
  bool root_propagation_below = false;
  const char* work_dir = nullptr;  // created when missing; null: none
  MountStep* mounts = nullptr;
  std::size_t mount_count = 0;
  const DeviceStep* devices = nullptr;
  std::size_t device_count = 0;
  const LinkStep* links = nullptr;
  std::size_t link_count = 0;
  const CoverStep* masked = nullptr;
  std::size_t masked_count = 0;
  const CoverStep* readonly = nullptr;
  std::size_t readonly_count = 0;
  std::int32_t null_fd = -1;         // detached read-only bind of the host's verified null device
  bool open_null = false;            // the child opens and verifies it
  const char* mask_label = nullptr;  // SELinux context of the empty directory over masked ones
  std::int32_t ask_fd = -1;          // sync socket to the parent, for `ask_map`
  std::int32_t proc_step = -1;       // the step that mounts a procfs on /proc
  std::int32_t devpts_step = -1;     // the step that mounts a devpts on /dev/pts
};
static_assert(std::is_trivially_copyable_v<RootfsView>);

// Which list a failure's item points into, and which call of its step it was. The item of a
// StepFailure is all three in 32 bits, so that nothing but numbers crosses.
enum class Part : std::uint8_t { kRoot, kMount, kDevice, kLink, kMasked, kReadonly, kNull };
enum class Call : std::uint8_t {
  kNone,
  kOpenTree,
  kSetAttributes,
  kOpenTarget,
  kMakeDirectory,
  kMakeFile,
  kTargetInProc,
  kTargetNoDirectory,
  kFsOpen,
  kFsMake,  // fsconfig(2), FSCONFIG_CMD_CREATE
  kFsMount,
  kFsPick,
  kReconfigure,
  kAttach,
  kMakeNode,
  kNodeDiffers,
  kOwner,
  kMakeLink,
  kStat,
  kCopyUp,
  kMapIds,
  kPropagation,
  kChangeDirectory,
  kPivotRoot,
  kUnmountOld,
  kChangeRoot,
  kOutsideRoot,
  kReadMountTable,
  kNoNull,       // the host's /dev/null is not the null device
  kNotProcfs,    // something else than procfs on /proc
  kOption = 64,  // 64 + i: fsconfig(2) of option i; 191 and more stand for the rest
};

constexpr std::size_t ItemOf(Part part, std::size_t index, Call call) {
  return static_cast<std::size_t>(part) << 28 | (index & 0xfffff) << 8 |
         static_cast<std::size_t>(call);
}
constexpr Part PartOf(std::size_t item) { return static_cast<Part>(item >> 28 & 0xf); }
constexpr std::size_t IndexOf(std::size_t item) { return item >> 8 & 0xfffff; }
constexpr Call CallOf(std::size_t item) { return static_cast<Call>(item & 0xff); }

}  // namespace caisson::rootfs
