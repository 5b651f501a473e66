// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"
#include "runtime/process/scheduling.h"
#include "runtime/rootfs/mount_options.h"
#include "runtime/security/capabilities.h"
#include "runtime/security/seccomp.h"
#include "runtime/spec/annotations.h"
#include "runtime/spec/features.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {{"help", "", "show this help", 'h'}};

std::vector<std::string> Strings(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

Result<int> Run(const Invocation&) {
  spec::FeatureTables tables;
  tables.capabilities = Strings(security::CapabilityNames());
  tables.seccomp_actions = Strings(security::SeccompActions());
  tables.seccomp_operators = Strings(security::SeccompOperators());
  tables.seccomp_archs = Strings(security::SeccompArchitectures());
  tables.seccomp_known_flags = Strings(security::SeccompFlags());
  tables.seccomp_supported_flags = tables.seccomp_known_flags;
  tables.mount_options = Strings(rootfs::KnownMountOptions());
  tables.memory_policy_modes = Strings(process::MemoryPolicyModes());
  tables.memory_policy_flags = Strings(process::MemoryPolicyFlags());
  tables.cgroup_systemd = true;
  tables.cgroup_systemd_user = true;
  tables.cgroup_rdma = true;
  tables.intel_rdt = true;
  tables.net_devices = true;
  tables.idmapped_mounts = true;
  tables.apparmor = true;
  tables.selinux = true;
  tables.unsafe_annotations = {std::string(spec::kSystemdPropertyPrefix),
                               std::string(spec::kKeepOriginalGroups)};
  tables.annotations["org.caisson.version"] = CAISSON_VERSION;
  tables.annotations["io.github.seccomp.libseccomp.version"] = security::LibseccompVersion();
  CAISSON_TRY(Print(StrCat(spec::FeaturesJson(tables), "\n")));
  return 0;
}

}  // namespace

const Command kFeatures = {
    .name = "features",
    .summary = "print what this runtime supports, as JSON",
    .options = kOptions,
    .run = Run,
};

}  // namespace caisson::cli
