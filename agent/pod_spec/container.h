// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/pod_spec/quantity.h"

namespace caisson::pod_spec {

// Names are those of Kubernetes' core/v1 in snake_case; std::optional wherever absent is not the
// zero value. All here is plain data, filled by DecodePod after validation and defaulting.
// Source: k8s.io/api/core/v1, types.go, Container.

enum class PullPolicy { kAlways, kIfNotPresent, kNever };
enum class Protocol { kTcp, kUdp, kSctp };

struct ContainerPort {
  std::string name;
  std::int32_t container_port = 0;
  std::int32_t host_port = 0;  // 0: none
  Protocol protocol = Protocol::kTcp;
  std::string host_ip;
};

// metadata.*, spec.*, status.* of the pod that runs the container.
struct ObjectFieldSelector {
  std::string field_path;
};
// requests.* and limits.* of a container.
struct ResourceFieldSelector {
  std::string container_name;  // empty: the container itself (env only)
  std::string resource;        // "limits.cpu"
  std::optional<Quantity> divisor;
};
// A key of a ConfigMap or Secret in the pod's namespace.
struct KeySelector {
  std::string name;
  std::string key;
  bool optional = false;
};
struct EnvVarSource {
  std::optional<ObjectFieldSelector> field_ref;
  std::optional<ResourceFieldSelector> resource_field_ref;
  std::optional<KeySelector> config_map_key_ref;
  std::optional<KeySelector> secret_key_ref;
};
struct EnvVar {
  std::string name;
  std::string value;  // $(VAR) not yet expanded
  std::optional<EnvVarSource> value_from;
};
struct EnvFromSource {
  enum class Kind { kConfigMap, kSecret };
  std::string prefix;
  Kind kind = Kind::kConfigMap;
  std::string name;
  bool optional = false;
};

// Keys are resource names: cpu, memory, ephemeral-storage, hugepages-2Mi...
using ResourceList = std::map<std::string, Quantity>;
struct ResourceRequirements {
  ResourceList limits;
  ResourceList requests;
};

enum class MountPropagation { kNone, kHostToContainer, kBidirectional };
struct VolumeMount {
  std::string name;
  std::string mount_path;
  std::string sub_path;
  std::string sub_path_expr;
  bool read_only = false;
  std::string recursive_read_only;  // "", Disabled, IfPossible, Enabled
  MountPropagation mount_propagation = MountPropagation::kNone;
};
struct VolumeDevice {
  std::string name;
  std::string device_path;
};

// A port by number, or by the name of one of the container's ports.
struct PortRef {
  std::int32_t number = 0;  // 0: by name
  std::string name;
};
struct HttpHeader {
  std::string name;
  std::string value;
};
struct ExecAction {
  std::vector<std::string> command;
};
struct HttpGetAction {
  std::string path;
  PortRef port;
  std::string host;
  std::string scheme = "HTTP";
  std::vector<HttpHeader> http_headers;
};
struct TcpSocketAction {
  PortRef port;
  std::string host;
};
struct GrpcAction {
  std::int32_t port = 0;
  std::string service;
};
// One of these is set (Kubernetes: ProbeHandler).
struct ProbeHandler {
  std::optional<ExecAction> exec;
  std::optional<HttpGetAction> http_get;
  std::optional<TcpSocketAction> tcp_socket;
  std::optional<GrpcAction> grpc;
};
struct Probe {
  ProbeHandler handler;
  std::int32_t initial_delay_seconds = 0;
  std::int32_t timeout_seconds = 1;
  std::int32_t period_seconds = 10;
  std::int32_t success_threshold = 1;
  std::int32_t failure_threshold = 3;
  std::optional<std::int64_t> termination_grace_period_seconds;
};
struct LifecycleHandler {
  std::optional<ExecAction> exec;
  std::optional<HttpGetAction> http_get;
  std::optional<TcpSocketAction> tcp_socket;
  std::optional<std::int64_t> sleep_seconds;
};
struct Lifecycle {
  std::optional<LifecycleHandler> post_start;
  std::optional<LifecycleHandler> pre_stop;
  std::string stop_signal;  // "SIGTERM"; empty: the image's
};

struct SeccompProfile {
  std::string type;               // RuntimeDefault, Unconfined, Localhost
  std::string localhost_profile;  // relative path, with Localhost
};
struct AppArmorProfile {
  std::string type;
  std::string localhost_profile;
};
struct SeLinuxOptions {
  std::string user, role, type, level;
};
struct SecurityContext {
  std::vector<std::string> capabilities_add;
  std::vector<std::string> capabilities_drop;
  bool privileged = false;
  std::optional<SeLinuxOptions> se_linux_options;
  std::optional<std::int64_t> run_as_user;
  std::optional<std::int64_t> run_as_group;
  std::optional<bool> run_as_non_root;
  bool read_only_root_filesystem = false;
  std::optional<bool> allow_privilege_escalation;
  std::string proc_mount;  // "", Default, Unmasked
  std::optional<SeccompProfile> seccomp_profile;
  std::optional<AppArmorProfile> app_armor_profile;
};

struct Container {
  std::string name;
  std::string image;
  std::vector<std::string> command;  // empty: the image's entrypoint
  std::vector<std::string> args;     // empty: the image's, if command is empty too
  std::string working_dir;           // empty: the image's
  std::vector<ContainerPort> ports;
  std::vector<EnvFromSource> env_from;
  std::vector<EnvVar> env;
  ResourceRequirements resources;
  std::vector<VolumeMount> volume_mounts;
  std::vector<VolumeDevice> volume_devices;
  std::optional<Probe> liveness_probe;
  std::optional<Probe> readiness_probe;
  std::optional<Probe> startup_probe;
  std::optional<Lifecycle> lifecycle;
  std::string termination_message_path = "/dev/termination-log";
  std::string termination_message_policy = "File";  // or FallbackToLogsOnError
  PullPolicy image_pull_policy = PullPolicy::kIfNotPresent;
  SecurityContext security_context;
  bool restart_always = false;  // init containers: a sidecar (restartPolicy: Always)
  bool stdin_ = false;          // stdin is a macro of <cstdio>
  bool stdin_once = false;
  bool tty = false;
  std::string target_container_name;  // ephemeral containers only
};

}  // namespace caisson::pod_spec
