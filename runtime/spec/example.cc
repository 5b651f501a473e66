// SPDX-License-Identifier: Apache-2.0
#include "runtime/spec/example.h"

#include <algorithm>

#include "runtime/base/path.h"

namespace caisson::spec {
namespace {

Process ExampleProcess() {
  const std::vector<std::string> capabilities = {"CAP_AUDIT_WRITE", "CAP_KILL",
                                                 "CAP_NET_BIND_SERVICE"};
  Process process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  process.cwd = "/";
  process.capabilities =
      Capabilities{.bounding = capabilities, .effective = capabilities, .permitted = capabilities};
  process.rlimits = {{.type = "RLIMIT_NOFILE", .hard = 1024, .soft = 1024}};
  process.no_new_privileges = true;
  return process;
}

Mount MakeMount(std::string destination, std::string type, std::string source,
                std::vector<std::string> options) {
  Mount mount;
  mount.destination = std::move(destination);
  mount.type = std::move(type);
  mount.source = std::move(source);
  mount.options = std::move(options);
  return mount;
}

std::vector<Mount> ExampleMounts() {
  return {
      MakeMount("/proc", "proc", "proc", {}),
      MakeMount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      MakeMount("/dev/pts", "devpts", "devpts",
                {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      MakeMount("/dev/shm", "tmpfs", "shm",
                {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      MakeMount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
      MakeMount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
      MakeMount("/sys/fs/cgroup", "cgroup", "cgroup",
                {"nosuid", "noexec", "nodev", "relatime", "ro"}),
  };
}

}  // namespace

Config Example(bool cgroup_namespace) {
  Config config;
  config.oci_version = kOciVersion;
  config.process = ExampleProcess();
  config.root = Root{.path = "rootfs", .readonly = true};
  config.hostname = "caisson";
  config.mounts = ExampleMounts();
  Linux& linux = config.linux;
  linux.resources.devices = {{.allow = false, .access = "rwm"}};
  linux.namespaces = {{NamespaceType::kPid, {}},
                      {NamespaceType::kNetwork, {}},
                      {NamespaceType::kIpc, {}},
                      {NamespaceType::kUts, {}},
                      {NamespaceType::kMount, {}}};
  if (cgroup_namespace) linux.namespaces.push_back({NamespaceType::kCgroup, {}});
  linux.masked_paths = {"/proc/acpi",
                        "/proc/asound",
                        "/proc/kcore",
                        "/proc/keys",
                        "/proc/latency_stats",
                        "/proc/timer_list",
                        "/proc/timer_stats",
                        "/proc/sched_debug",
                        "/sys/firmware",
                        "/proc/scsi",
                        "/sys/devices/virtual/tpm"};
  linux.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return config;
}

void MakeRootless(Config& config, std::uint32_t host_uid, std::uint32_t host_gid) {
  Linux& linux = config.linux;
  std::erase_if(linux.namespaces, [](const Namespace& ns) {
    return ns.type == NamespaceType::kNetwork || ns.type == NamespaceType::kUser;
  });
  linux.namespaces.push_back({NamespaceType::kUser, {}});
  linux.uid_mappings = {{.container_id = 0, .host_id = host_uid, .size = 1}};
  linux.gid_mappings = {{.container_id = 0, .host_id = host_gid, .size = 1}};
  linux.resources = Resources();
  for (Mount& mount : config.mounts) {
    if (CleanPath(mount.destination) == "/sys") {
      // A sysfs of its own needs a network namespace of its own.
      mount = MakeMount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"});
      continue;
    }
    std::erase_if(mount.options, [](const std::string& option) {
      return option.starts_with("uid=") || option.starts_with("gid=");
    });
  }
}

}  // namespace caisson::spec
