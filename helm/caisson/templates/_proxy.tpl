{{/* Name of its roles, with room for "-reader". */}}
{{- define "caisson.proxyRole" -}}
{{- printf "%s-metrics-proxy" (include "caisson.fullname" . | trunc 42 | trimSuffix "-") }}
{{- end }}

{{/* The proxy beside the agent. It alone has a token, and it forwards two paths only. */}}
{{- define "caisson.proxyContainer" -}}
{{- $proxy := .Values.metrics.proxy }}
- name: metrics-proxy
  image: {{ include "caisson.image" (dict "image" $proxy.image "global" .Values.global "defaultTag" "") }}
  imagePullPolicy: {{ $proxy.image.pullPolicy }}
  args:
    - --secure-listen-address=$(HOST_IP):{{ $proxy.port }}
    - --upstream=http://127.0.0.1:{{ .Values.port }}/
    - --allow-paths=/metrics,/metrics/cadvisor
    {{- if $proxy.tlsSecretName }}
    - --tls-cert-file=/etc/tls/tls.crt
    - --tls-private-key-file=/etc/tls/tls.key
    {{- end }}
  env:
    - name: HOST_IP
      valueFrom:
        fieldRef:
          fieldPath: status.hostIP
  ports:
    - name: metrics
      containerPort: {{ $proxy.port }}
      hostPort: {{ $proxy.port }}
      protocol: TCP
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    readOnlyRootFilesystem: true
    allowPrivilegeEscalation: false
    capabilities:
      drop: [ALL]
    seccompProfile:
      type: RuntimeDefault
  resources:
    {{- toYaml $proxy.resources | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    - name: proxy-token
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
    {{- if $proxy.tlsSecretName }}
    - name: proxy-tls
      mountPath: /etc/tls
      readOnly: true
    {{- end }}
{{- end }}

{{- define "caisson.proxyVolumes" -}}
- name: proxy-token
  projected:
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3607
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- with .Values.metrics.proxy.tlsSecretName }}
- name: proxy-tls
  secret:
    secretName: {{ . }}
{{- end }}
{{- end }}
