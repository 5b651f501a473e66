// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle/mounts.h"

#include <algorithm>

#include "agent/bundle/environment.h"

namespace caisson::bundle {
namespace {

void AddKernelMounts(bool privileged, std::vector<spec::Mount>& mounts) {
  const std::string access = privileged ? "rw" : "ro";
  mounts.push_back({.destination = "/proc",
                    .type = "proc",
                    .source = "proc",
                    .options = {"nosuid", "noexec", "nodev"}});
  mounts.push_back({.destination = "/dev",
                    .type = "tmpfs",
                    .source = "tmpfs",
                    .options = {"nosuid", "strictatime", "mode=755", "size=65536k"}});
  mounts.push_back(
      {.destination = "/dev/pts",
       .type = "devpts",
       .source = "devpts",
       .options = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}});
  mounts.push_back({.destination = "/dev/mqueue",
                    .type = "mqueue",
                    .source = "mqueue",
                    .options = {"nosuid", "noexec", "nodev"}});
  mounts.push_back({.destination = "/sys",
                    .type = "sysfs",
                    .source = "sysfs",
                    .options = {"nosuid", "noexec", "nodev", access}});
  mounts.push_back({.destination = "/sys/fs/cgroup",
                    .type = "cgroup",
                    .source = "cgroup",
                    .options = {"nosuid", "noexec", "nodev", "relatime", access}});
}

void AddFile(const std::string& destination, const std::string& source, bool read_only,
             std::vector<spec::Mount>& mounts) {
  if (source.empty()) return;
  mounts.push_back({.destination = destination,
                    .type = "bind",
                    .source = source,
                    .options = {"bind", "rprivate", read_only ? "ro" : "rw"}});
}

std::string PropagationOption(pod_spec::MountPropagation propagation) {
  switch (propagation) {
    case pod_spec::MountPropagation::kNone: return "rprivate";
    case pod_spec::MountPropagation::kHostToContainer: return "rslave";
    case pod_spec::MountPropagation::kBidirectional: return "rshared";
  }
  return "rprivate";
}

std::size_t DepthOf(const std::string& path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

}  // namespace

Status AddMounts(const BundleRequest& request, const std::map<std::string, std::string>& values,
                 Bundle& bundle) {
  const pod_spec::Container& container = request.container;
  std::vector<spec::Mount>& mounts = bundle.config.mounts;
  AddKernelMounts(container.security_context.privileged, mounts);

  std::vector<const pod_spec::VolumeMount*> volume_mounts;
  for (const auto& mount : container.volume_mounts) volume_mounts.push_back(&mount);
  std::stable_sort(volume_mounts.begin(), volume_mounts.end(), [](const auto* a, const auto* b) {
    return DepthOf(a->mount_path) < DepthOf(b->mount_path);
  });
  // A volume in the place of one of the pod's files is what the user wants there.
  const auto taken = [&](std::string_view path) {
    return std::any_of(volume_mounts.begin(), volume_mounts.end(),
                       [&](const auto* mount) { return mount->mount_path == path; });
  };
  const FilePaths& files = request.files;
  const bool read_only = container.security_context.read_only_root_filesystem;
  if (!taken("/dev/shm") && !files.shm.empty())
    mounts.push_back({.destination = "/dev/shm",
                      .type = "bind",
                      .source = files.shm,
                      .options = {"bind", "rprivate", "nosuid", "nodev", "noexec", "rw"}});
  if (!taken("/etc/hosts")) AddFile("/etc/hosts", files.hosts, read_only, mounts);
  if (!taken("/etc/hostname")) AddFile("/etc/hostname", files.hostname, read_only, mounts);
  if (!taken("/etc/resolv.conf")) AddFile("/etc/resolv.conf", files.resolv_conf, read_only, mounts);
  if (!taken(container.termination_message_path))
    AddFile(container.termination_message_path, files.termination_log, false, mounts);

  for (const pod_spec::VolumeMount* mount : volume_mounts) {
    const auto volume = request.volumes.find(mount->name);
    if (volume == request.volumes.end())
      return Error(Code::kInvalidSpec, StrCat("volumeMounts \"", mount->mount_path,
                                              "\": no volume \"", mount->name, "\""));
    const std::string sub_path =
        mount->sub_path_expr.empty() ? mount->sub_path : Expand(mount->sub_path_expr, values);
    const bool ro = mount->read_only || volume->second.read_only;
    const std::string read_option =
        !ro ? "rw" : (mount->recursive_read_only == "Enabled" ? "rro" : "ro");
    if (volume->second.has_tree)
      bundle.trees.push_back({.mount_index = mounts.size(),
                              .volume = mount->name,
                              .sub_path = sub_path,
                              .read_only = ro});
    mounts.push_back(
        {.destination = mount->mount_path,
         .type = "bind",
         .source = volume->second.path,
         .options = {"rbind", PropagationOption(mount->mount_propagation), read_option}});
  }
  return Ok();
}

}  // namespace caisson::bundle
