// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle/bundle.h"

#include <algorithm>

#include "agent/bundle/environment.h"
#include "agent/bundle/mounts.h"
#include "agent/bundle/resources.h"
#include "agent/bundle/security.h"

namespace caisson::bundle {
namespace {

// What a container sees of the kernel is covered where it tells about, or changes, the whole host.
// Source: containerd and Docker's defaults.
const std::vector<std::string> kMasked = {"/proc/acpi",
                                          "/proc/asound",
                                          "/proc/interrupts",
                                          "/proc/kcore",
                                          "/proc/keys",
                                          "/proc/latency_stats",
                                          "/proc/sched_debug",
                                          "/proc/scsi",
                                          "/proc/timer_list",
                                          "/proc/timer_stats",
                                          "/sys/devices/virtual/powercap",
                                          "/sys/firmware"};
const std::vector<std::string> kReadonly = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                            "/proc/sysrq-trigger"};

// Without no_new_privs a set-user-id program gains privileges, which allowPrivilegeEscalation
// false forbids. It cannot be forbidden to those who hold them anyway.
bool NoNewPrivileges(const pod_spec::SecurityContext& context) {
  if (context.privileged) return false;
  const auto& added = context.capabilities_add;
  const bool admin = std::any_of(added.begin(), added.end(), [](const std::string& name) {
    return name == "SYS_ADMIN" || name == "CAP_SYS_ADMIN";
  });
  return !admin && !context.allow_privilege_escalation.value_or(true);
}

Status AddProcess(const BundleRequest& request, Bundle& bundle,
                  std::map<std::string, std::string>& values) {
  const pod_spec::Container& container = request.container;
  spec::Process process;
  process.terminal = container.tty;
  CAISSON_ASSIGN(process.user,
                 MakeUser(request.pod.spec, container, request.image.user, request.user));
  CAISSON_ASSIGN(Environment environment, MakeEnvironment(request));
  CAISSON_ASSIGN(process.args, MakeArguments(request, environment.values));
  process.env = std::move(environment.list);
  values = std::move(environment.values);
  const bool has_home = std::any_of(process.env.begin(), process.env.end(),
                                    [](const std::string& e) { return e.starts_with("HOME="); });
  if (!has_home) process.env.push_back(StrCat("HOME=", request.user.home));
  if (container.tty) process.env.emplace_back("TERM=xterm");
  process.cwd = !container.working_dir.empty()       ? Expand(container.working_dir, values)
                : !request.image.working_dir.empty() ? request.image.working_dir
                                                     : "/";
  CAISSON_ASSIGN(process.capabilities, MakeCapabilities(container.security_context));
  process.no_new_privileges = NoNewPrivileges(container.security_context);
  process.apparmor_profile = AppArmorProfileOf(request.pod.spec, container.security_context);
  process.oom_score_adj = OomScoreAdj(request.pod.spec, container, request.facts.node_memory_bytes,
                                      request.facts.lowest_oom_score_adj);
  bundle.config.process = std::move(process);
  return Ok();
}

Status AddLinux(const BundleRequest& request, spec::Config& config) {
  const pod_spec::Container& container = request.container;
  const bool privileged = container.security_context.privileged;
  using spec::NamespaceType;
  spec::Linux& linux = config.linux;
  linux.namespaces.push_back({.type = NamespaceType::kMount, .path = {}});
  if (!request.facts.shared_processes && !request.pod.spec.host_pid)
    linux.namespaces.push_back({.type = NamespaceType::kPid, .path = {}});
  if (request.facts.cgroup_namespace && !privileged)
    linux.namespaces.push_back({.type = NamespaceType::kCgroup, .path = {}});
  linux.cgroups_path = StrCat(request.facts.pod_cgroup, "/", request.container_id);
  linux.resources = ContainerResources(container, request.facts.pids_limit);
  linux.resources.devices.push_back({.allow = privileged, .access = "rwm"});
  CAISSON_ASSIGN(linux.seccomp, MakeSeccomp(request.pod.spec, container.security_context,
                                            request.localhost_seccomp));
  if (!privileged && container.security_context.proc_mount != "Unmasked") {
    linux.masked_paths = kMasked;
    linux.readonly_paths = kReadonly;
  }
  return Ok();
}

}  // namespace

Result<Bundle> MakeBundle(const BundleRequest& request) {
  Bundle bundle;
  spec::Config& config = bundle.config;
  config.oci_version = spec::kOciVersion;
  config.root = spec::Root{
      .path = "rootfs", .readonly = request.container.security_context.read_only_root_filesystem};
  std::map<std::string, std::string> values;
  CAISSON_TRY(AddProcess(request, bundle, values));
  CAISSON_TRY(AddMounts(request, values, bundle));
  CAISSON_TRY(AddLinux(request, config));
  const pod_spec::ObjectMeta& meta = request.pod.metadata;
  config.annotations = {{"io.kubernetes.container.name", request.container.name},
                        {"io.kubernetes.pod.name", meta.name},
                        {"io.kubernetes.pod.namespace", meta.namespace_},
                        {"io.kubernetes.pod.uid", meta.uid}};
  return bundle;
}

}  // namespace caisson::bundle
