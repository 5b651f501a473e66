// SPDX-License-Identifier: Apache-2.0
#include "agent/volume/volume.h"

#include <dirent.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "agent/volume/atomic_files.h"
#include "agent/volume/host_path.h"
#include "agent/volume/tree.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::volume {
namespace {

// A pod's uid and a volume's name become names of directories.
Status CheckName(std::string_view what, std::string_view name) {
  const bool clean = !name.empty() && name.size() <= NAME_MAX && name[0] != '.' &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                     });
  if (clean) return Ok();
  return Error(Code::kInvalidSpec, StrCat(what, " \"", name.substr(0, 64), "\" is no name"));
}

bool IsMemory(const Source& source) {
  const auto* const empty = std::get_if<EmptyDir>(&source);
  return empty != nullptr && empty->memory;
}

// As Kubernetes: everybody may write into an emptyDir; with an fsGroup new files get its group.
Status SetOwner(const UniqueFd& dir, const Source& source, std::optional<gid_t> group,
                const std::string& shown_as) {
  if (group && ::fchown(dir.get(), static_cast<uid_t>(-1), *group) < 0)
    return SysError("chown", shown_as);
  const mode_t open_to_all = std::holds_alternative<EmptyDir>(source) ? 0777 : 0755;
  if (::fchmod(dir.get(), open_to_all | (group ? S_ISGID : 0u)) < 0)
    return SysError("chmod", shown_as);
  return Ok();
}

Result<bool> IsMountPoint(const std::string& path) {
  struct statx info {};
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &info) < 0)
    return SysError("statx", path);
  return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

}  // namespace

Result<PodVolumes> PodVolumes::Open(const Directories& directories, const std::string& pod_uid) {
  CAISSON_TRY(CheckName("pod uid", pod_uid));
  return PodVolumes(directories, pod_uid);
}

std::string PodVolumes::FolderOf(const std::string& name, const Source& source) const {
  const auto* const files = std::get_if<Files>(&source);
  const bool volatile_content = IsMemory(source) || (files != nullptr && files->secret);
  return StrCat(volatile_content ? directories_.run : directories_.data, "/pods/", pod_uid_,
                "/volumes/", name);
}

Status PodVolumes::Prepare(const std::string& name, const Source& source,
                           std::optional<gid_t> fs_group) {
  const std::string context = StrCat("volume \"", name, "\"");
  CAISSON_TRY(CheckName("volume", name));
  if (const auto* const host = std::get_if<HostPath>(&source)) {
    CAISSON_ASSIGN(const UniqueFd there, OpenHostPath(directories_.host_root, *host), context);
    return Ok();
  }
  const std::string folder = FolderOf(name, source);
  const std::string volumes = folder.substr(0, folder.rfind('/'));
  CAISSON_TRY(MakeDirs(volumes, 0700), context);
  // A parent that others may pass would let them reach files that the modes leave open.
  if (::chmod(volumes.c_str(), 0700) < 0) return SysError("chmod", volumes).Wrap(context);
  const bool fresh = ::mkdir(folder.c_str(), 0700) == 0;
  if (!fresh && errno != EEXIST) return SysError("mkdir", folder).Wrap(context);
  if (const auto* const empty = std::get_if<EmptyDir>(&source); empty != nullptr && empty->memory) {
    CAISSON_ASSIGN(const bool mounted, IsMountPoint(folder), context);
    if (!mounted) CAISSON_TRY(MountTmpfs(folder, empty->size_limit_bytes), context);
  }
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
                 context);
  CAISSON_TRY(SetOwner(dir, source, fs_group, folder), context);
  if (const auto* const files = std::get_if<Files>(&source)) {
    CAISSON_TRY(WriteFiles(dir, *files, fs_group), context);
  }
  return Ok();
}

Result<bool> PodVolumes::Update(const std::string& name, const Files& files,
                                std::optional<gid_t> fs_group) {
  CAISSON_TRY(CheckName("volume", name));
  const std::string context = StrCat("volume \"", name, "\"");
  CAISSON_ASSIGN(const UniqueFd dir,
                 OpenAt(kCwd, FolderOf(name, files), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), context);
  CAISSON_ASSIGN(const bool changed, WriteFiles(dir, files, fs_group), context);
  return changed;
}

Result<UniqueFd> PodVolumes::OpenTree(const std::string& name, const Source& source,
                                      const std::string& sub_path) const {
  CAISSON_TRY(CheckName("volume", name));
  const std::string context = StrCat("volume \"", name, "\"");
  UniqueFd root;
  if (const auto* const host = std::get_if<HostPath>(&source)) {
    CAISSON_ASSIGN(root, OpenHostPath(directories_.host_root, *host), context);
  } else {
    CAISSON_ASSIGN(root, OpenAt(kCwd, FolderOf(name, source), O_PATH | O_DIRECTORY | O_NOFOLLOW),
                   context);
  }
  if (!sub_path.empty()) {
    CAISSON_ASSIGN(root, OpenSubPath(root, sub_path), context);
  }
  CAISSON_ASSIGN(UniqueFd tree, CloneTree(root, name), context);
  return tree;
}

Result<std::uint64_t> PodVolumes::ReadUsage(const std::string& name, const Source& source) const {
  CAISSON_TRY(CheckName("volume", name));
  const std::string folder = FolderOf(name, source);
  if (IsMemory(source)) {
    struct statfs info {};
    if (::statfs(folder.c_str(), &info) < 0) return SysError("statfs", folder);
    return (info.f_blocks - info.f_bfree) * static_cast<std::uint64_t>(info.f_bsize);
  }
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  return MeasureTree(dir);
}

Status PodVolumes::RemoveAll() {
  for (const std::string& top : {directories_.run, directories_.data}) {
    const std::string pod = StrCat(top, "/pods/", pod_uid_);
    const std::string volumes = pod + "/volumes";
    const auto closer = [](DIR* stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(closer)> stream(::opendir(volumes.c_str()), closer);
    if (!stream && errno == ENOENT) continue;
    if (!stream) return SysError("opendir", volumes);
    while (const dirent* const item = ::readdir(stream.get())) {
      const std::string name = item->d_name;
      if (name == "." || name == "..") continue;
      const std::string folder = StrCat(volumes, "/", name);
      CAISSON_ASSIGN(const bool mounted, IsMountPoint(folder));
      if (mounted && ::umount2(folder.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
        return SysError("umount", folder);
      CAISSON_TRY(RemoveTree(kCwd, folder), "volume \"", name, "\"");
    }
    CAISSON_TRY(RemoveTree(kCwd, volumes));
    (void)::rmdir(pod.c_str());  // other rooms may keep things of the pod there
  }
  return Ok();
}

}  // namespace caisson::volume
