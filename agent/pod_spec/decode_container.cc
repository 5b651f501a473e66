// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/reader.h"

// Every Decode has external linkage: Reader's templates find it by its argument's namespace.
namespace caisson::pod_spec {

void Decode(const Reader& from, ObjectFieldSelector& out) { from.Get("fieldPath", out.field_path); }

void Decode(const Reader& from, ResourceFieldSelector& out) {
  from.Get("containerName", out.container_name);
  from.Get("resource", out.resource);
  from.Get("divisor", out.divisor);
}

void Decode(const Reader& from, ContainerPort& out) {
  from.Get("name", out.name);
  from.Get("containerPort", out.container_port);
  from.Get("hostPort", out.host_port);
  from.GetEnum("protocol", out.protocol, {"TCP", "UDP", "SCTP"});
  from.Get("hostIP", out.host_ip);
}

void Decode(const Reader& from, KeySelector& out) {
  from.Get("name", out.name);
  from.Get("key", out.key);
  from.Get("optional", out.optional);
}

void Decode(const Reader& from, EnvVarSource& out) {
  from.Get("fieldRef", out.field_ref);
  from.Get("resourceFieldRef", out.resource_field_ref);
  from.Get("configMapKeyRef", out.config_map_key_ref);
  from.Get("secretKeyRef", out.secret_key_ref);
}

void Decode(const Reader& from, EnvVar& out) {
  from.Get("name", out.name);
  from.Get("value", out.value);
  from.Get("valueFrom", out.value_from);
}

void Decode(const Reader& from, EnvFromSource& out) {
  from.Get("prefix", out.prefix);
  Reader source = from.Field("configMapRef");
  if (!source.present()) {
    source = from.Field("secretRef");
    out.kind = EnvFromSource::Kind::kSecret;
  }
  source.Get("name", out.name);
  source.Get("optional", out.optional);
}

void Decode(const Reader& from, ResourceRequirements& out) {
  from.Get("limits", out.limits);
  from.Get("requests", out.requests);
}

void Decode(const Reader& from, VolumeMount& out) {
  from.Get("name", out.name);
  from.Get("mountPath", out.mount_path);
  from.Get("subPath", out.sub_path);
  from.Get("subPathExpr", out.sub_path_expr);
  from.Get("readOnly", out.read_only);
  from.Get("recursiveReadOnly", out.recursive_read_only);
  from.GetEnum("mountPropagation", out.mount_propagation,
               {"None", "HostToContainer", "Bidirectional"});
}

void Decode(const Reader& from, VolumeDevice& out) {
  from.Get("name", out.name);
  from.Get("devicePath", out.device_path);
}

void Decode(const Reader& from, HttpHeader& out) {
  from.Get("name", out.name);
  from.Get("value", out.value);
}

void Decode(const Reader& from, ExecAction& out) { from.Get("command", out.command); }

void Decode(const Reader& from, HttpGetAction& out) {
  from.Get("path", out.path);
  from.Get("port", out.port);
  from.Get("host", out.host);
  from.Get("scheme", out.scheme);
  from.Get("httpHeaders", out.http_headers);
}

void Decode(const Reader& from, TcpSocketAction& out) {
  from.Get("port", out.port);
  from.Get("host", out.host);
}

void Decode(const Reader& from, GrpcAction& out) {
  from.Get("port", out.port);
  from.Get("service", out.service);
}

void Decode(const Reader& from, Probe& out) {
  from.Get("exec", out.handler.exec);
  from.Get("httpGet", out.handler.http_get);
  from.Get("tcpSocket", out.handler.tcp_socket);
  from.Get("grpc", out.handler.grpc);
  from.Get("initialDelaySeconds", out.initial_delay_seconds);
  from.Get("timeoutSeconds", out.timeout_seconds);
  from.Get("periodSeconds", out.period_seconds);
  from.Get("successThreshold", out.success_threshold);
  from.Get("failureThreshold", out.failure_threshold);
  from.Get("terminationGracePeriodSeconds", out.termination_grace_period_seconds);
}

void Decode(const Reader& from, LifecycleHandler& out) {
  from.Get("exec", out.exec);
  from.Get("httpGet", out.http_get);
  from.Get("tcpSocket", out.tcp_socket);
  const Reader sleep = from.Field("sleep");
  if (sleep.present()) sleep.Get("seconds", out.sleep_seconds.emplace());
}

void Decode(const Reader& from, Lifecycle& out) {
  from.Get("postStart", out.post_start);
  from.Get("preStop", out.pre_stop);
  from.Get("stopSignal", out.stop_signal);
}

void Decode(const Reader& from, SeccompProfile& out) {
  from.Get("type", out.type);
  from.Get("localhostProfile", out.localhost_profile);
}

void Decode(const Reader& from, AppArmorProfile& out) {
  from.Get("type", out.type);
  from.Get("localhostProfile", out.localhost_profile);
}

void Decode(const Reader& from, SeLinuxOptions& out) {
  from.Get("user", out.user);
  from.Get("role", out.role);
  from.Get("type", out.type);
  from.Get("level", out.level);
}

void Decode(const Reader& from, SecurityContext& out) {
  const Reader capabilities = from.Field("capabilities");
  if (capabilities.present()) {
    capabilities.Get("add", out.capabilities_add);
    capabilities.Get("drop", out.capabilities_drop);
  }
  from.Get("privileged", out.privileged);
  from.Get("seLinuxOptions", out.se_linux_options);
  from.Get("runAsUser", out.run_as_user);
  from.Get("runAsGroup", out.run_as_group);
  from.Get("runAsNonRoot", out.run_as_non_root);
  from.Get("readOnlyRootFilesystem", out.read_only_root_filesystem);
  from.Get("allowPrivilegeEscalation", out.allow_privilege_escalation);
  from.Get("procMount", out.proc_mount);
  from.Get("seccompProfile", out.seccomp_profile);
  from.Get("appArmorProfile", out.app_armor_profile);
}

void Decode(const Reader& from, Container& out) {
  from.Get("name", out.name);
  from.Get("image", out.image);
  from.Get("command", out.command);
  from.Get("args", out.args);
  from.Get("workingDir", out.working_dir);
  from.Get("ports", out.ports);
  from.Get("envFrom", out.env_from);
  from.Get("env", out.env);
  from.Get("resources", out.resources);
  from.Get("volumeMounts", out.volume_mounts);
  from.Get("volumeDevices", out.volume_devices);
  from.Get("livenessProbe", out.liveness_probe);
  from.Get("readinessProbe", out.readiness_probe);
  from.Get("startupProbe", out.startup_probe);
  from.Get("lifecycle", out.lifecycle);
  from.Get("terminationMessagePath", out.termination_message_path);
  from.Get("terminationMessagePolicy", out.termination_message_policy);
  from.GetEnum("imagePullPolicy", out.image_pull_policy, {"Always", "IfNotPresent", "Never"});
  from.Get("securityContext", out.security_context);
  std::string restart_policy;
  from.Get("restartPolicy", restart_policy);
  out.restart_always = restart_policy == "Always";
  from.Get("stdin", out.stdin_);
  from.Get("stdinOnce", out.stdin_once);
  from.Get("tty", out.tty);
  from.Get("targetContainerName", out.target_container_name);
}

}  // namespace caisson::pod_spec
