// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/schema_types.h"

namespace caisson::pod_spec {

// clang-format off
const std::string_view kSchemaTypes = R"(
Pod: apiVersion string, kind string, metadata ObjectMeta, spec PodSpec, status PodStatus
ConfigMap: apiVersion string, kind string, metadata ObjectMeta, immutable bool, data {}string, binaryData {}bytes
Secret: apiVersion string, kind string, metadata ObjectMeta, immutable bool, data {}bytes, stringData {}string, type string
Namespace: apiVersion string, kind string, metadata ObjectMeta, spec NamespaceSpec, status NamespaceStatus
NamespaceSpec: finalizers []string
NamespaceStatus: phase string, conditions []any
Node: apiVersion string, kind string, metadata ObjectMeta, spec NodeSpec, status NodeStatus
NodeSpec: podCIDR string, podCIDRs []string!*, providerID string, unschedulable bool, taints []Taint, configSource any, externalID string
Taint: key string, value string, effect string, timeAdded time
NodeStatus: capacity {}quantity, allocatable {}quantity, phase string, conditions []any!type, addresses []any!type, daemonEndpoints any, nodeInfo any, images []any, volumesInUse []string, volumesAttached []any, config any, runtimeHandlers []any, features any
Event: apiVersion string, kind string, metadata ObjectMeta, involvedObject ObjectReference, reason string, message string, source EventSource, firstTimestamp time, lastTimestamp time, count int32, type string, eventTime time, series any, action string, related ObjectReference, reportingComponent string, reportingInstance string
EventSource: component string, host string
ObjectReference: kind string, namespace string, name string, uid string, apiVersion string, resourceVersion string, fieldPath string
DeleteOptions: apiVersion string, kind string, gracePeriodSeconds int64, preconditions Preconditions, orphanDependents bool, propagationPolicy string, dryRun []string, ignoreStoreReadErrorWithClusterBreakingPotential bool
Preconditions: uid string, resourceVersion string
ObjectMeta: name string, generateName string, namespace string, selfLink string, uid string, resourceVersion string, generation int64, creationTimestamp time, deletionTimestamp time, deletionGracePeriodSeconds int64, labels {}string, annotations {}string, ownerReferences []OwnerReference!uid, finalizers []string!*, managedFields []any
OwnerReference: apiVersion string, kind string, name string, uid string, controller bool, blockOwnerDeletion bool
PodSpec: volumes []Volume!name, initContainers []Container!name, containers []Container!name, ephemeralContainers []Container!name, restartPolicy string, terminationGracePeriodSeconds int64, activeDeadlineSeconds int64, dnsPolicy string, nodeSelector {}string, serviceAccountName string, serviceAccount string, automountServiceAccountToken bool, nodeName string, hostNetwork bool, hostPID bool, hostIPC bool, shareProcessNamespace bool, securityContext PodSecurityContext, imagePullSecrets []LocalObjectReference!name, hostname string, subdomain string, affinity any, schedulerName string, tolerations []Toleration, hostAliases []HostAlias!ip, priorityClassName string, priority int32, dnsConfig PodDNSConfig, readinessGates []PodReadinessGate, runtimeClassName string, enableServiceLinks bool, preemptionPolicy string, overhead {}quantity, topologySpreadConstraints []any!topologyKey, setHostnameAsFQDN bool, os PodOS, hostUsers bool, schedulingGates []PodSchedulingGate!name, resourceClaims []any!name, resources ResourceRequirements
PodOS: name string
PodReadinessGate: conditionType string
PodSchedulingGate: name string
LocalObjectReference: name string
Toleration: key string, operator string, value string, effect string, tolerationSeconds int64
HostAlias: ip string, hostnames []string
PodDNSConfig: nameservers []string, searches []string, options []PodDNSConfigOption
PodDNSConfigOption: name string, value string
Sysctl: name string, value string
SELinuxOptions: user string, role string, type string, level string
SeccompProfile: type string, localhostProfile string
AppArmorProfile: type string, localhostProfile string
WindowsSecurityContextOptions: gmsaCredentialSpecName string, gmsaCredentialSpec string, runAsUserName string, hostProcess bool
PodSecurityContext: seLinuxOptions SELinuxOptions, windowsOptions WindowsSecurityContextOptions, runAsUser int64, runAsGroup int64, runAsNonRoot bool, supplementalGroups []int64, supplementalGroupsPolicy string, fsGroup int64, sysctls []Sysctl, fsGroupChangePolicy string, seccompProfile SeccompProfile, appArmorProfile AppArmorProfile, seLinuxChangePolicy string
SecurityContext: capabilities Capabilities, privileged bool, seLinuxOptions SELinuxOptions, windowsOptions WindowsSecurityContextOptions, runAsUser int64, runAsGroup int64, runAsNonRoot bool, readOnlyRootFilesystem bool, allowPrivilegeEscalation bool, procMount string, seccompProfile SeccompProfile, appArmorProfile AppArmorProfile
Capabilities: add []string, drop []string
Container: name string, image string, command []string, args []string, workingDir string, ports []ContainerPort!containerPort, envFrom []EnvFromSource, env []EnvVar!name, resources ResourceRequirements, resizePolicy []ContainerResizePolicy, restartPolicy string, volumeMounts []VolumeMount!mountPath, volumeDevices []VolumeDevice!devicePath, livenessProbe Probe, readinessProbe Probe, startupProbe Probe, lifecycle Lifecycle, terminationMessagePath string, terminationMessagePolicy string, imagePullPolicy string, securityContext SecurityContext, stdin bool, stdinOnce bool, tty bool, targetContainerName string
ContainerPort: name string, hostPort int32, containerPort int32, protocol string, hostIP string
ContainerResizePolicy: resourceName string, restartPolicy string
EnvFromSource: prefix string, configMapRef OptionalReference, secretRef OptionalReference
OptionalReference: name string, optional bool
EnvVar: name string, value string, valueFrom EnvVarSource
EnvVarSource: fieldRef ObjectFieldSelector, resourceFieldRef ResourceFieldSelector, configMapKeyRef KeySelector, secretKeyRef KeySelector
ObjectFieldSelector: apiVersion string, fieldPath string
ResourceFieldSelector: containerName string, resource string, divisor quantity
KeySelector: name string, key string, optional bool
ResourceRequirements: limits {}quantity, requests {}quantity, claims []ResourceClaim
ResourceClaim: name string, request string
VolumeMount: name string, readOnly bool, recursiveReadOnly string, mountPath string, subPath string, mountPropagation string, subPathExpr string
VolumeDevice: name string, devicePath string
Probe: exec ExecAction, httpGet HTTPGetAction, tcpSocket TCPSocketAction, grpc GRPCAction, initialDelaySeconds int32, timeoutSeconds int32, periodSeconds int32, successThreshold int32, failureThreshold int32, terminationGracePeriodSeconds int64
ExecAction: command []string
HTTPGetAction: path string, port port, host string, scheme string, httpHeaders []HTTPHeader
HTTPHeader: name string, value string
TCPSocketAction: port port, host string
GRPCAction: port int32, service string
SleepAction: seconds int64
Lifecycle: postStart LifecycleHandler, preStop LifecycleHandler, stopSignal string
LifecycleHandler: exec ExecAction, httpGet HTTPGetAction, tcpSocket TCPSocketAction, sleep SleepAction
Volume: name string, hostPath HostPathVolumeSource, emptyDir EmptyDirVolumeSource, secret SecretVolumeSource, configMap ConfigMapVolumeSource, downwardAPI DownwardAPIVolumeSource, projected ProjectedVolumeSource, persistentVolumeClaim PersistentVolumeClaimVolumeSource, gcePersistentDisk any, awsElasticBlockStore any, gitRepo any, nfs any, iscsi any, glusterfs any, rbd any, flexVolume any, cinder any, cephfs any, flocker any, fc any, azureFile any, azureDisk any, vsphereVolume any, quobyte any, photonPersistentDisk any, portworxVolume any, scaleIO any, storageos any, csi any, ephemeral any, image any
HostPathVolumeSource: path string, type string
EmptyDirVolumeSource: medium string, sizeLimit quantity
SecretVolumeSource: secretName string, items []KeyToPath, defaultMode int32, optional bool
ConfigMapVolumeSource: name string, items []KeyToPath, defaultMode int32, optional bool
KeyToPath: key string, path string, mode int32
DownwardAPIVolumeSource: items []DownwardAPIVolumeFile, defaultMode int32
DownwardAPIVolumeFile: path string, fieldRef ObjectFieldSelector, resourceFieldRef ResourceFieldSelector, mode int32
PersistentVolumeClaimVolumeSource: claimName string, readOnly bool
ProjectedVolumeSource: sources []VolumeProjection, defaultMode int32
VolumeProjection: secret SecretProjection, downwardAPI DownwardAPIProjection, configMap ConfigMapProjection, serviceAccountToken ServiceAccountTokenProjection, clusterTrustBundle any
SecretProjection: name string, items []KeyToPath, optional bool
ConfigMapProjection: name string, items []KeyToPath, optional bool
DownwardAPIProjection: items []DownwardAPIVolumeFile
ServiceAccountTokenProjection: audience string, expirationSeconds int64, path string
PodStatus: phase string, conditions []PodCondition!type, message string, reason string, nominatedNodeName string, hostIP string, hostIPs []any!ip, podIP string, podIPs []any!ip, startTime time, initContainerStatuses []ContainerStatus, containerStatuses []ContainerStatus, qosClass string, ephemeralContainerStatuses []ContainerStatus, resize string, resourceClaimStatuses []any!name, observedGeneration int64
PodCondition: type string, status string, lastProbeTime time, lastTransitionTime time, reason string, message string, observedGeneration int64
ContainerStatus: name string, state ContainerState, lastState ContainerState, ready bool, restartCount int32, image string, imageID string, containerID string, started bool, allocatedResources {}quantity, resources ResourceRequirements, volumeMounts []any!mountPath, user any, allocatedResourcesStatus []any!name, stopSignal string
ContainerState: waiting ContainerStateWaiting, running ContainerStateRunning, terminated ContainerStateTerminated
ContainerStateWaiting: reason string, message string
ContainerStateRunning: startedAt time
ContainerStateTerminated: exitCode int32, signal int32, reason string, message string, startedAt time, finishedAt time, containerID string
)";
// clang-format on

}  // namespace caisson::pod_spec
