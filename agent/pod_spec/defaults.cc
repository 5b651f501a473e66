// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/defaults.h"

#include <nlohmann/json.hpp>

#include "agent/pod_spec/base64.h"
#include "agent/pod_spec/pod.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

void Default(json& object, const char* field, json value) {
  if (!object.contains(field)) object[field] = std::move(value);
}

// A number that is 0 counts as absent, as for every field that is not a pointer in Go.
void DefaultNumber(json& object, const char* field, int value) {
  if (!object.contains(field) || object[field] == 0) object[field] = value;
}

template <class Change>
void ForEach(json& object, const char* field, const Change& change) {
  const auto list = object.find(field);
  if (list == object.end()) return;
  for (json& item : *list) change(item);
}

// "busybox" and "busybox:latest" are pulled always; with another tag or a digest if not present.
bool IsLatest(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return false;
  const auto slash = image.rfind('/');
  const auto colon = image.find(':', slash == std::string_view::npos ? 0 : slash);
  return colon == std::string_view::npos || image.substr(colon + 1) == "latest";
}

void DefaultProbe(json& container, const char* field) {
  const auto probe = container.find(field);
  if (probe == container.end()) return;
  DefaultNumber(*probe, "timeoutSeconds", 1);
  DefaultNumber(*probe, "periodSeconds", 10);
  DefaultNumber(*probe, "successThreshold", 1);
  DefaultNumber(*probe, "failureThreshold", 3);
  if (const auto get = probe->find("httpGet"); get != probe->end()) {
    Default(*get, "scheme", "HTTP");
    Default(*get, "path", "/");
  }
}

// Requests that are absent are as large as the limits.
void DefaultResources(json& container) {
  Default(container, "resources", json::object());
  json& resources = container["resources"];
  if (!resources.contains("limits")) return;
  for (const auto& [name, limit] : resources["limits"].items()) {
    if (!resources.contains("requests") || !resources["requests"].contains(name))
      resources["requests"][name] = limit;
  }
}

void DefaultFieldRefs(json& item) {
  if (const auto ref = item.find("fieldRef"); ref != item.end()) Default(*ref, "apiVersion", "v1");
}

void DefaultContainer(json& container, bool host_network) {
  Default(container, "terminationMessagePath", "/dev/termination-log");
  Default(container, "terminationMessagePolicy", "File");
  const std::string image = container.value("image", "");
  Default(container, "imagePullPolicy", IsLatest(image) ? "Always" : "IfNotPresent");
  DefaultResources(container);
  ForEach(container, "ports", [host_network](json& port) {
    Default(port, "protocol", "TCP");
    if (host_network && port.contains("containerPort"))
      Default(port, "hostPort", port["containerPort"]);
  });
  ForEach(container, "env", [](json& env) {
    if (const auto from = env.find("valueFrom"); from != env.end()) DefaultFieldRefs(*from);
  });
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    DefaultProbe(container, probe);
}

void DefaultVolume(json& volume) {
  if (volume.size() == 1 && volume.contains("name")) volume["emptyDir"] = json::object();
  for (const char* source : {"configMap", "secret", "downwardAPI", "projected"}) {
    if (const auto at = volume.find(source); at != volume.end()) {
      Default(*at, "defaultMode", 0644);
      ForEach(*at, "items", DefaultFieldRefs);
    }
  }
  if (const auto host_path = volume.find("hostPath"); host_path != volume.end())
    Default(*host_path, "type", "");
  if (const auto projected = volume.find("projected"); projected != volume.end()) {
    ForEach(*projected, "sources", [](json& source) {
      if (const auto token = source.find("serviceAccountToken"); token != source.end())
        DefaultNumber(*token, "expirationSeconds", 3600);
      if (const auto downward = source.find("downwardAPI"); downward != source.end())
        ForEach(*downward, "items", DefaultFieldRefs);
    });
  }
}

}  // namespace

void SetPodDefaults(json& pod, const std::string& node_name) {
  json& spec = pod["spec"];
  if (!spec.is_object()) spec = json::object();
  Default(spec, "restartPolicy", "Always");
  Default(spec, "dnsPolicy", "ClusterFirst");
  Default(spec, "schedulerName", "default-scheduler");
  Default(spec, "terminationGracePeriodSeconds", 30);
  Default(spec, "enableServiceLinks", true);
  Default(spec, "securityContext", json::object());
  if (spec.value("nodeName", "").empty()) spec["nodeName"] = node_name;
  const bool host_network = spec.value("hostNetwork", false);
  for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
    ForEach(spec, list,
            [host_network](json& container) { DefaultContainer(container, host_network); });
  }
  ForEach(spec, "volumes", DefaultVolume);
}

void SetSecretDefaults(json& secret) {
  Default(secret, "type", "Opaque");
  const auto plain = secret.find("stringData");
  if (plain == secret.end()) return;
  for (const auto& [key, value] : plain->items())
    secret["data"][key] = EncodeBase64(value.get_ref<const std::string&>());
  secret.erase("stringData");
}

}  // namespace caisson::pod_spec
