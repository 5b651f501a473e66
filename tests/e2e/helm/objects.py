# SPDX-License-Identifier: Apache-2.0
"""What an API server would refuse in a rendered object, as far as it can be known without one."""
import re

import yaml

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "RuntimeClass"}

# Fields that the templates may use. Source: Kubernetes API reference, v1.31.
POD_SPEC = set("""affinity automountServiceAccountToken containers dnsPolicy hostNetwork hostPID imagePullSecrets initContainers
nodeSelector priorityClassName restartPolicy serviceAccountName terminationGracePeriodSeconds tolerations volumes""".split())
CONTAINER = set("""args command env envFrom image imagePullPolicy livenessProbe name ports readinessProbe resources securityContext
startupProbe terminationMessagePolicy volumeMounts""".split())
TOP = {
    "DaemonSet": {"selector", "updateStrategy", "revisionHistoryLimit", "minReadySeconds", "template"},
    "Service": {"type", "clusterIP", "selector", "ports"},
    "NetworkPolicy": {"podSelector", "policyTypes", "ingress"},
    "PodMonitor": {"selector", "namespaceSelector", "podMetricsEndpoints"},
    "ServiceMonitor": {"selector", "namespaceSelector", "endpoints"},
    "PrometheusRule": {"groups"},
    "Pod": POD_SPEC,
}
VERSIONS = {
    "ClusterRole": "rbac.authorization.k8s.io/v1", "ClusterRoleBinding": "rbac.authorization.k8s.io/v1", "ConfigMap": "v1",
    "DaemonSet": "apps/v1", "NetworkPolicy": "networking.k8s.io/v1", "Pod": "v1", "PodMonitor": "monitoring.coreos.com/v1",
    "PrometheusRule": "monitoring.coreos.com/v1", "RuntimeClass": "node.k8s.io/v1", "Service": "v1", "ServiceAccount": "v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
}


class StrictLoader(yaml.SafeLoader):
    """YAML where a key that stands twice in one map is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{node.start_mark}: key {', '.join(map(str, twice))} stands twice")
        return super().construct_mapping(node, deep)


def parse(text: str) -> list:
    return [document for document in yaml.load_all(text, StrictLoader) if document is not None]


def pod_specs(objects: list) -> list:
    """Pod specs with the name of their object."""
    found = []
    for each in objects:
        if each["kind"] == "Pod":
            found.append((each["metadata"]["name"], each["spec"]))
        elif each["kind"] == "DaemonSet":
            found.append((each["metadata"]["name"], each["spec"]["template"]["spec"]))
    return found


def unknown(name: str, fields, known) -> list:
    return [f"{name}: unknown field {field}" for field in sorted(set(fields) - known)]


def metadata_faults(each: dict) -> list:
    kind, metadata = each["kind"], each["metadata"]
    name = f"{kind}/{metadata['name']}"
    faults = []
    if VERSIONS.get(kind) != each["apiVersion"]:
        faults.append(f"{name}: apiVersion {each['apiVersion']}")
    if not DNS_LABEL.fullmatch(metadata["name"]):
        faults.append(f"{name}: not a DNS label")
    for key, value in metadata.get("labels", {}).items():
        if not isinstance(value, str) or not LABEL_VALUE.fullmatch(value):
            faults.append(f"{name}: label {key}: {value!r}")
    for key, value in metadata.get("annotations", {}).items():
        if not isinstance(value, str):
            faults.append(f"{name}: annotation {key} is no string")
    if kind in TOP:
        faults += unknown(name, each["spec"], TOP[kind])
    return faults


def pod_faults(name: str, spec: dict) -> list:
    faults = unknown(name, spec, POD_SPEC)
    volumes = [volume["name"] for volume in spec.get("volumes", [])]
    containers = spec.get("initContainers", []) + spec["containers"]
    names = [container["name"] for container in containers]
    for kind, values in (("volume", volumes), ("container", names)):
        if len(set(values)) != len(values):
            faults.append(f"{name}: two {kind}s of one name: {values}")
    for container in containers:
        faults += unknown(f"{name}/{container['name']}", container, CONTAINER)
        if not container.get("image"):
            faults.append(f"{name}/{container['name']}: no image")
        mounts = container.get("volumeMounts", [])
        faults += [f"{name}: mount of volume {mount['name']}, which there is not" for mount in mounts if mount["name"] not in volumes]
        paths = [mount["mountPath"] for mount in mounts]
        faults += [f"{name}: two mounts at {path}" for path in set(paths) if paths.count(path) > 1]
    return faults


def faults(objects: list) -> list:
    """Sentences about what is wrong; empty when nothing is."""
    found = []
    seen = set()
    for each in objects:
        found += metadata_faults(each)
        key = (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
        if key in seen:
            found.append(f"{key} is there twice")
        seen.add(key)
        if each["kind"] in CLUSTER_WIDE and "namespace" in each["metadata"]:
            found.append(f"{key}: cluster-wide, but in a namespace")
    for name, spec in pod_specs(objects):
        found += pod_faults(name, spec)
    return found
