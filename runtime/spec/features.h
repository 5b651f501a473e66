// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/spec/id_mapping.h"

namespace caisson::spec {

// What other rooms know by name; each list is the table that its room works with, so that
// `features` cannot claim what the code does not do.
struct FeatureTables {
  std::vector<std::string> mount_options;
  std::vector<std::string> capabilities;
  std::vector<std::string> seccomp_actions;
  std::vector<std::string> seccomp_operators;
  std::vector<std::string> seccomp_archs;
  std::vector<std::string> seccomp_known_flags;
  std::vector<std::string> seccomp_supported_flags;
  std::vector<std::string> memory_policy_modes;
  std::vector<std::string> memory_policy_flags;
  std::vector<std::string> unsafe_annotations;  // keys, or prefixes that end in '.'
  bool cgroup_v1 = true;
  bool cgroup_v2 = true;
  bool cgroup_systemd = false;
  bool cgroup_systemd_user = false;
  bool cgroup_rdma = false;
  bool apparmor = false;
  bool selinux = false;
  bool intel_rdt = false;
  bool idmapped_mounts = false;
  bool net_devices = false;
  StringMap annotations;  // "org.caisson.version" and the like
};

// The features document, pretty with four spaces as runc prints it, without a line end.
// Source: runtime-spec 1.3, features.md, features-linux.md.
std::string FeaturesJson(const FeatureTables& tables);

}  // namespace caisson::spec
