// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/container/checkpoint.h"

namespace caisson::container {
namespace {

bool IsBind(const spec::Mount& mount) {
  const auto has = [&](std::string_view option) {
    return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
  };
  return mount.type == "bind" || mount.type == "rbind" || has("bind") || has("rbind");
}

// Where a destination is once the links of the root are followed, as criu and the kernel see it.
std::string InRoot(const std::string& rootfs, const std::string& destination) {
  std::string clean = CleanPath(StrCat("/", destination));
  const auto root = OpenAt(kCwd, rootfs, O_PATH | O_DIRECTORY);
  if (!root) return clean;
  const auto target = OpenInRoot(*root, clean, O_PATH);
  if (!target) return clean;
  std::error_code failed;
  const std::string real_root = std::filesystem::read_symlink(FdPath(*root), failed).string();
  const std::string real = std::filesystem::read_symlink(FdPath(*target), failed).string();
  return !failed && real.starts_with(real_root) && real.size() > real_root.size()
             ? real.substr(real_root.size())
             : clean;
}

void AddCgroup(const spec::Mount& mount, const std::string& at, const cgroup::Record& cgroup,
               std::vector<criu::ExternalMount>& out) {
  if (cgroup.directories.size() == 1 && cgroup.V2() != nullptr) {
    out.push_back({at, cgroup.V2()->path});
    return;
  }
  for (const cgroup::Directory& directory : cgroup.directories) {
    const std::string name = std::filesystem::path(directory.MountPoint()).filename().string();
    out.push_back({StrCat(CleanPath(StrCat("/", mount.destination)), "/", name), directory.path});
  }
}

}  // namespace

std::vector<criu::ExternalMount> ExternalMounts(const spec::Config& config,
                                                const std::string& bundle,
                                                const std::string& rootfs,
                                                const cgroup::Record& cgroup) {
  std::vector<criu::ExternalMount> out;
  for (const spec::Mount& mount : config.mounts) {
    const std::string at = InRoot(rootfs, mount.destination);
    if (IsBind(mount))
      out.push_back(
          {at, CleanPath(mount.source.starts_with('/') ? mount.source
                                                       : StrCat(bundle, "/", mount.source))});
    else if (mount.type == "cgroup")
      AddCgroup(mount, at, cgroup, out);
  }
  // The host's null device lies over them. Those of /proc and /sys are the same in every root.
  for (const std::string& path : config.linux.masked_paths) {
    struct stat there {};
    if (::stat(path.c_str(), &there) == 0 && !S_ISDIR(there.st_mode))
      out.push_back({path, "/dev/null"});
  }
  return out;
}

}  // namespace caisson::container
