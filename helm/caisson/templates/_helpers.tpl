{{/* Name of the chart, at most 63 bytes. */}}
{{- define "caisson.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of objects: the release's, with the chart's unless the one holds the other. */}}
{{- define "caisson.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "caisson.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "caisson.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{/* Labels that select pods. They can never change, so nothing else belongs here. */}}
{{- define "caisson.selectorLabels" -}}
app.kubernetes.io/name: {{ include "caisson.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "caisson.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "caisson.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: node-agent
app.kubernetes.io/part-of: caisson
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "caisson.metadata" -}}
name: {{ include "caisson.fullname" . }}
namespace: {{ include "caisson.namespace" . }}
labels:
  {{- include "caisson.labels" . | nindent 2 }}
{{- end }}

{{/* An image: {image, global, defaultTag}. The digest wins over the tag, the global registry over the image's. */}}
{{- define "caisson.image" -}}
{{- $registry := default .image.registry .global.imageRegistry }}
{{- $name := .image.repository }}
{{- if $registry }}{{ $name = printf "%s/%s" $registry $name }}{{ end }}
{{- if .image.digest }}
{{- printf "%s@%s" $name .image.digest }}
{{- else }}
{{- printf "%s:%s" $name (default .defaultTag .image.tag) }}
{{- end }}
{{- end }}

{{- define "caisson.agentImage" -}}
{{- include "caisson.image" (dict "image" .Values.image "global" .Values.global "defaultTag" .Chart.AppVersion) }}
{{- end }}

{{- define "caisson.imagePullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "caisson.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "caisson.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Where the programs lie on the node, so that keepers and their pods outlive the agent's container. */}}
{{- define "caisson.programs" -}}
{{- printf "%s/bin" .Values.hostPaths.data }}
{{- end }}

{{/* A probe: {probe, path, port}. The agent listens on the node's loopback, where kubelet asks. */}}
{{- define "caisson.probe" -}}
httpGet:
  host: 127.0.0.1
  port: {{ .port }}
  path: {{ .path }}
periodSeconds: {{ .probe.periodSeconds }}
timeoutSeconds: {{ .probe.timeoutSeconds }}
failureThreshold: {{ .probe.failureThreshold }}
{{- end }}

{{/* How a monitor reaches the proxy: {root, monitor, path}. */}}
{{- define "caisson.endpoint" -}}
port: metrics
path: {{ .path }}
scheme: https
honorLabels: true
bearerTokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
tlsConfig:
  insecureSkipVerify: true
{{- with .monitor.interval }}
interval: {{ . }}
{{- end }}
{{- with .monitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
relabelings:
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: node
  - targetLabel: metrics_path
    replacement: {{ .path }}
  {{- with .monitor.job }}
  - targetLabel: job
    replacement: {{ . }}
  {{- end }}
  {{- with .monitor.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Values that no schema can check. */}}
{{- define "caisson.check" -}}
{{- $monitored := or .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled }}
{{- if and $monitored (not .Values.metrics.proxy.enabled) }}
{{- fail "metrics.podMonitor and metrics.serviceMonitor need metrics.proxy.enabled=true: the agent itself listens on loopback only" }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) }}
{{- fail "metrics.serviceMonitor needs metrics.service.enabled=true" }}
{{- end }}
{{- if and .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled }}
{{- fail "metrics.podMonitor and metrics.serviceMonitor would scrape every node twice: enable one of them" }}
{{- end }}
{{- if eq (int .Values.port) (int .Values.metrics.proxy.port) }}
{{- fail "port and metrics.proxy.port must differ: both are ports of the node" }}
{{- end }}
{{- range $key := list "runDir" "dataDir" "logDir" "listen" "hostRoot" "nodeName" "nodeIp" }}
{{- if hasKey $.Values.config $key }}
{{- fail (printf "config.%s is set by the chart, from hostPaths, port and the node" $key) }}
{{- end }}
{{- end }}
{{- end }}
