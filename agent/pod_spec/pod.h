// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/pod_spec/container.h"
#include "agent/pod_spec/volume.h"
#include "runtime/base/error.h"

namespace caisson::pod_spec {

// A point in wall-clock time, whole seconds as Kubernetes' metav1.Time.
using Time = std::chrono::sys_seconds;
// "2026-01-31T12:00:00Z".
std::string FormatTime(Time time);
// RFC 3339 with any offset; fractions are cut off.
std::optional<Time> ParseTime(std::string_view text);
Time NowTime();

using StringMap = std::map<std::string, std::string>;

struct ObjectMeta {
  std::string name;
  std::string namespace_;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  StringMap labels;
  StringMap annotations;
  Time creation_timestamp{};
  // Set when the API was asked to delete: the time at which the grace period ends.
  std::optional<Time> deletion_timestamp;
  std::optional<std::int64_t> deletion_grace_period_seconds;
};

struct Sysctl {
  std::string name;
  std::string value;
};
struct PodSecurityContext {
  std::optional<SeLinuxOptions> se_linux_options;
  std::optional<std::int64_t> run_as_user;
  std::optional<std::int64_t> run_as_group;
  std::optional<bool> run_as_non_root;
  std::vector<std::int64_t> supplemental_groups;
  std::string supplemental_groups_policy;  // "", Merge, Strict
  std::optional<std::int64_t> fs_group;
  std::string fs_group_change_policy;  // "", Always, OnRootMismatch
  std::vector<Sysctl> sysctls;
  std::optional<SeccompProfile> seccomp_profile;
  std::optional<AppArmorProfile> app_armor_profile;
};
struct HostAlias {
  std::string ip;
  std::vector<std::string> hostnames;
};
struct DnsOption {
  std::string name;
  std::optional<std::string> value;
};
struct PodDnsConfig {
  std::vector<std::string> nameservers;
  std::vector<std::string> searches;
  std::vector<DnsOption> options;
};

enum class RestartPolicy { kAlways, kOnFailure, kNever };
enum class DnsPolicy { kClusterFirst, kClusterFirstWithHostNet, kDefault, kNone };

struct PodSpec {
  std::vector<Volume> volumes;
  std::vector<Container> init_containers;
  std::vector<Container> containers;
  std::vector<Container> ephemeral_containers;
  RestartPolicy restart_policy = RestartPolicy::kAlways;
  std::int64_t termination_grace_period_seconds = 30;
  std::optional<std::int64_t> active_deadline_seconds;
  DnsPolicy dns_policy = DnsPolicy::kClusterFirst;
  PodDnsConfig dns_config;
  std::vector<HostAlias> host_aliases;
  std::string node_name;
  std::string service_account_name;
  bool host_network = false;
  bool host_pid = false;
  bool host_ipc = false;
  bool host_users = true;
  bool share_process_namespace = false;
  bool enable_service_links = true;
  PodSecurityContext security_context;
  std::string hostname;  // empty: the pod's name
  std::string subdomain;
  bool set_hostname_as_fqdn = false;
  std::string priority_class_name;
  std::int32_t priority = 0;
  std::vector<std::string> image_pull_secrets;
  ResourceList overhead;
  ResourceRequirements resources;  // pod-level
  std::vector<std::string> readiness_gates;
};

enum class QosClass { kGuaranteed, kBurstable, kBestEffort };
std::string_view QosClassName(QosClass qos);
// Source: kubernetes.io, "Pod Quality of Service Classes".
QosClass QosClassOf(const PodSpec& spec);

// A pod as the agent reads it, with the whole document it came from (what the user sent,
// defaulted). Immutable once shared. Thread-safe to read.
struct Pod {
  ObjectMeta metadata;
  PodSpec spec;
  std::shared_ptr<const nlohmann::json> document;
};

// Structs from a document that passed ParseObject, SetPodDefaults and ValidatePod. Lenient: absent
// fields keep their zero values, unknown ones are left in the document only.
// Errors: kInvalidSpec naming the field when a value has the wrong type (a file edited by hand).
Result<Pod> DecodePod(std::shared_ptr<const nlohmann::json> document);

}  // namespace caisson::pod_spec
