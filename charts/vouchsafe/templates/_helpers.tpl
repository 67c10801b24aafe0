{{/* Names are fixed: the gate is one per cluster, and its policies know the operator by its ServiceAccount. */}}
{{- define "vouchsafe.labels" -}}
app.kubernetes.io/name: vouchsafe
app.kubernetes.io/part-of: vouchsafe
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "vouchsafe.selector" -}}
app.kubernetes.io/name: vouchsafe
app.kubernetes.io/component: operator
{{- end }}

{{- define "vouchsafe.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "vouchsafe.mutations" -}}
{{- if eq .Values.mutations "auto" -}}
{{- .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" -}}
{{- else -}}
{{- eq .Values.mutations "enabled" -}}
{{- end -}}
{{- end }}
