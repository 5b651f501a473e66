// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/names.h"
#include "agent/pod_spec/quantity.h"
#include "agent/pod_spec/validate_parts.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

constexpr const char* kPortRange = "must be between 1 and 65535, inclusive";

bool IsPort(std::int64_t port) { return port >= 1 && port <= 65535; }

void ValidatePorts(const json& container, const std::string& path, const PodContext& context,
                   FieldErrors& errors) {
  std::set<std::string> names;
  const json& ports = ListOf(container, "ports");
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string here = StrCat(path, ".ports[", i, "]");
    const std::int64_t port = NumberOf(ports[i], "containerPort");
    const std::int64_t host = NumberOf(ports[i], "hostPort");
    if (!ports[i].contains("containerPort")) {
      errors.Required(StrCat(here, ".containerPort"));
    } else if (!IsPort(port)) {
      errors.Invalid(StrCat(here, ".containerPort"), port, kPortRange);
    }
    if (host != 0 && !IsPort(host)) errors.Invalid(StrCat(here, ".hostPort"), host, kPortRange);
    if (context.host_network && host != port)
      errors.Invalid(StrCat(here, ".hostPort"), host,
                     "must match `containerPort` when `hostNetwork` is true");
    CheckWord(ports[i], "protocol", here, {"SCTP", "TCP", "UDP"}, errors);
    const std::string host_ip = TextOf(ports[i], "hostIP");
    if (!host_ip.empty() && !IsIpAddress(host_ip))
      errors.Invalid(StrCat(here, ".hostIP"), host_ip,
                     "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    const std::string name = TextOf(ports[i], "name");
    if (name.empty()) continue;
    errors.Check(StrCat(here, ".name"), name, CheckPortName(name));
    if (!names.insert(name).second) errors.Duplicate(StrCat(here, ".name"), name);
  }
}

void ValidateResourceRef(const json& ref, const std::string& path, FieldErrors& errors) {
  const std::string name = TextOf(ref, "resource");
  if (name.empty()) return errors.Required(StrCat(path, ".resource"));
  if (name.find("hugepages-") != name.npos) return;
  CheckWord(ref, "resource", path,
            {"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu",
             "requests.ephemeral-storage", "requests.memory"},
            errors);
}

void ValidateKeyRef(const json& ref, const std::string& path, FieldErrors& errors) {
  if (TextOf(ref, "name").empty()) errors.Required(StrCat(path, ".name"));
  const std::string key = TextOf(ref, "key");
  if (key.empty()) return errors.Required(StrCat(path, ".key"));
  errors.Check(StrCat(path, ".key"), key, CheckConfigKey(key));
}

void ValidateValueFrom(const json& env, const std::string& path, FieldErrors& errors) {
  const json& from = env["valueFrom"];
  const std::string here = StrCat(path, ".valueFrom");
  if (from.empty())
    return errors.Invalid(
        here, "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
        "`secretKeyRef`");
  if (from.size() > 1)
    return errors.Invalid(here, "", "may not have more than one field specified at a time");
  if (!TextOf(env, "value").empty())
    errors.Invalid(here, "", "may not be specified when `value` is not empty");
  if (from.contains("fieldRef"))
    ValidateFieldRef(from["fieldRef"], StrCat(here, ".fieldRef"),
                     {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
                      "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP",
                      "status.podIPs"},
                     errors);
  if (from.contains("resourceFieldRef"))
    ValidateResourceRef(from["resourceFieldRef"], StrCat(here, ".resourceFieldRef"), errors);
  for (const char* ref : {"configMapKeyRef", "secretKeyRef"}) {
    if (from.contains(ref)) ValidateKeyRef(from[ref], StrCat(here, ".", ref), errors);
  }
}

void ValidateEnv(const json& container, const std::string& path, FieldErrors& errors) {
  const json& env = ListOf(container, "env");
  for (std::size_t i = 0; i < env.size(); ++i) {
    const std::string here = StrCat(path, ".env[", i, "]");
    const std::string name = TextOf(env[i], "name");
    if (name.empty()) {
      errors.Required(StrCat(here, ".name"));
    } else {
      errors.Check(StrCat(here, ".name"), name, CheckEnvName(name));
    }
    if (env[i].contains("valueFrom")) ValidateValueFrom(env[i], here, errors);
  }
  const json& sources = ListOf(container, "envFrom");
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string here = StrCat(path, ".envFrom[", i, "]");
    const int given =
        (sources[i].contains("configMapRef") ? 1 : 0) + (sources[i].contains("secretRef") ? 1 : 0);
    if (given != 1)
      errors.Invalid(here, "",
                     given == 0 ? "must specify one of: `configMapRef` or `secretRef`"
                                : "may not have more than one field specified at a time");
    for (const char* ref : {"configMapRef", "secretRef"}) {
      if (sources[i].contains(ref) && TextOf(sources[i][ref], "name").empty())
        errors.Required(StrCat(here, ".", ref, ".name"));
    }
  }
}

void ValidateMounts(const json& container, const std::string& path, const PodContext& context,
                    FieldErrors& errors) {
  std::set<std::string> targets;
  const json& mounts = ListOf(container, "volumeMounts");
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const json& mount = mounts[i];
    const std::string here = StrCat(path, ".volumeMounts[", i, "]");
    const std::string name = TextOf(mount, "name");
    if (name.empty()) {
      errors.Required(StrCat(here, ".name"));
    } else if (!context.volumes.contains(name)) {
      errors.NotFound(StrCat(here, ".name"), name);
    }
    const std::string target = TextOf(mount, "mountPath");
    if (target.empty()) {
      errors.Required(StrCat(here, ".mountPath"));
    } else if (!targets.insert(target).second) {
      errors.Invalid(StrCat(here, ".mountPath"), target, "must be unique");
    } else if (target.find('\0') != target.npos || target.find(':') != target.npos) {
      errors.Invalid(StrCat(here, ".mountPath"), target, "must not contain ':'");
    }
    CheckRelativePath(TextOf(mount, "subPath"), StrCat(here, ".subPath"), errors);
    CheckRelativePath(TextOf(mount, "subPathExpr"), StrCat(here, ".subPathExpr"), errors);
    if (!TextOf(mount, "subPath").empty() && !TextOf(mount, "subPathExpr").empty())
      errors.Invalid(StrCat(here, ".subPathExpr"), mount["subPathExpr"],
                     "subPathExpr and subPath are mutually exclusive");
    CheckWord(mount, "mountPropagation", here, {"Bidirectional", "HostToContainer", "None"},
              errors);
    CheckWord(mount, "recursiveReadOnly", here, {"Disabled", "Enabled", "IfPossible"}, errors);
    const std::string recursive = TextOf(mount, "recursiveReadOnly");
    if (!recursive.empty() && recursive != "Disabled" && !mount.value("readOnly", false))
      errors.Forbidden(StrCat(here, ".recursiveReadOnly"),
                       "may only be specified when readOnly is true");
  }
}

void ValidateSecurity(const json& container, const std::string& path, FieldErrors& errors) {
  const auto at = container.find("securityContext");
  const std::string here = StrCat(path, ".securityContext");
  const bool privileged = at != container.end() && at->value("privileged", false);
  for (const json& mount : ListOf(container, "volumeMounts")) {
    if (TextOf(mount, "mountPropagation") == "Bidirectional" && !privileged)
      errors.Forbidden(
          StrCat(path, ".volumeMounts.mountPropagation"),
          "Bidirectional mount propagation is available only to privileged containers");
  }
  if (at == container.end()) return;
  for (const char* field : {"runAsUser", "runAsGroup"}) {
    const std::int64_t id = NumberOf(*at, field);
    if (id < 0 || id > 2147483647)
      errors.Invalid(StrCat(here, ".", field), id, "must be between 0 and 2147483647, inclusive");
  }
  CheckWord(*at, "procMount", here, {"Default", "Unmasked"}, errors);
  ValidateSeccomp(*at, here, errors);
  if (!at->contains("allowPrivilegeEscalation") || at->value("allowPrivilegeEscalation", true))
    return;
  if (privileged)
    errors.Invalid(StrCat(here, ""), "",
                   "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  const auto capabilities = at->find("capabilities");
  if (capabilities == at->end()) return;
  for (const json& name : ListOf(*capabilities, "add")) {
    if (name == "CAP_SYS_ADMIN")
      errors.Invalid(here, "",
                     "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` "
                     "CAP_SYS_ADMIN");
  }
}

}  // namespace

void ValidateContainer(const json& container, const std::string& path, const PodContext& context,
                       FieldErrors& errors) {
  const std::string name = TextOf(container, "name");
  if (name.empty()) {
    errors.Required(StrCat(path, ".name"));
  } else {
    errors.Check(StrCat(path, ".name"), name, CheckDnsLabel(name));
  }
  const std::string image = TextOf(container, "image");
  if (image.empty()) {
    errors.Required(StrCat(path, ".image"));
  } else if (Trim(image) != image) {
    errors.Invalid(StrCat(path, ".image"), image, "must not have leading or trailing whitespace");
  }
  CheckWord(container, "imagePullPolicy", path, {"Always", "IfNotPresent", "Never"}, errors);
  CheckWord(container, "terminationMessagePolicy", path, {"FallbackToLogsOnError", "File"}, errors);
  if (container.contains("restartPolicy")) {
    if (!context.is_init) {
      errors.Forbidden(StrCat(path, ".restartPolicy"), "may not be set for non-init containers");
    } else {
      CheckWord(container, "restartPolicy", path, {"Always"}, errors);
    }
  }
  ValidatePorts(container, path, context, errors);
  ValidateEnv(container, path, errors);
  ValidateMounts(container, path, context, errors);
  ValidateProbes(container, path, context.is_init, errors);
  ValidateSecurity(container, path, errors);
  if (const auto lifecycle = container.find("lifecycle"); lifecycle != container.end())
    ValidateLifecycle(*lifecycle, StrCat(path, ".lifecycle"), errors);
  if (const auto resources = container.find("resources"); resources != container.end())
    ValidateResources(*resources, StrCat(path, ".resources"), errors);
}

}  // namespace caisson::pod_spec
