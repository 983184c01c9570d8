{{- define "helix.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "helix.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "helix.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "helix.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "helix.image" -}}
{{- with .Values.image }}
{{- .repository | required "image.repository is required: where you have pushed the image of apps/replay-service" }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "helix.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "helix.name" .) }}
{{- end }}

{{/* Whether there is ever more than one pod. */}}
{{- define "helix.isMany" -}}
{{- if gt (int (ternary .Values.keda.maxReplicas .Values.replicas .Values.keda.enabled)) 1 }}true{{ end }}
{{- end }}

{{/* What the chart decides, and what nobody may leave out. */}}
{{- define "helix.config" -}}
{{- range list (list "nats" "servers") (list "clusterA" "contactPoints") (list "clusterA" "localDataCenter") (list "clusterB" "contactPoints") (list "clusterB" "localDataCenter") }}
{{- if not (dig (first .) (last .) "" $.Values.config) }}{{ fail (printf "config.%s is required" (join "." .)) }}{{ end }}
{{- end }}
{{- $own := dict "stop" (dict "graceMs" (mul .Values.stopGraceSeconds 1000)) "http" (dict "port" 8080) "admin" (dict "port" 8081) }}
{{- if .Values.admin.service.enabled }}
{{- $tls := .Values.admin.service.tlsSecret | required "admin.service.tlsSecret is required: the admin API is served to others by TLS alone" }}
{{- $name := printf "%s-admin" (include "helix.name" .) }}
{{- $short := printf "%s.%s" $name .Release.Namespace }}
{{- $hosts := concat (dig "admin" "allowedHosts" list .Values.config) (list $name $short (printf "%s.svc" $short) (printf "%s.svc.cluster.local" $short)) }}
{{- $_ := set $own "admin" (dict "port" 8081 "host" "0.0.0.0" "allowedHosts" $hosts "tlsCertFile" "/etc/helix/admin-tls/tls.crt" "tlsKeyFile" "/etc/helix/admin-tls/tls.key") }}
{{- end }}
{{- mergeOverwrite (deepCopy .Values.config) $own | toPrettyJson }}
{{- end }}

{{/* The ports of a list of addresses, as a JSON list of numbers. Colons without brackets are those of a port. */}}
{{- define "helix.ports" -}}
{{- $ports := list }}
{{- range .addresses }}
{{- $port := regexFind ":[0-9]+$" . | trimPrefix ":" | default $.default }}
{{- $ports = append $ports (int $port) }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}
