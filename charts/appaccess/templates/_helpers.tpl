{{/* Names and labels that all objects share. */}}
{{- define "appaccess.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
Also the name of what is not in a namespace: a second release beside the first would be a second writer to the same apps,
and is better refused.
*/}}
{{- define "appaccess.fullname" -}}
{{- $release := .Release.Name | replace "." "-" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains (include "appaccess.name" .) $release -}}
{{- $release | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" $release (include "appaccess.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "appaccess.selector" -}}
app.kubernetes.io/name: {{ include "appaccess.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "appaccess.labels" -}}
{{ include "appaccess.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "appaccess.serviceAccount" -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.create is false: name in serviceAccount.name the account that is there" -}}
{{- end -}}
{{- default (include "appaccess.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "appaccess.image" -}}
{{- $why := "image.repository: say where the image is that you built by the Dockerfile, such as registry.example/appaccess" -}}
{{- $repository := required $why .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The namespaces in which Secrets may be read, where those are not all. */}}
{{- define "appaccess.credentialNamespaces" -}}
{{- $own := ternary (list .Release.Namespace) list .Values.credentials.ownNamespace -}}
{{- concat $own .Values.credentials.namespaces | uniq | toJson -}}
{{- end -}}

{{/*
From one kind of store to the other the pods of the one must be gone before those of the other begin: each store knows
nothing of the other's writer. Takes the context and the kind of what may still run.
*/}}
{{- define "appaccess.refuseWhileTheOtherRuns" -}}
{{- $name := include "appaccess.fullname" .context -}}
{{- $other := lookup "apps/v1" .kind .context.Release.Namespace $name -}}
{{- if $other -}}
{{- if or (gt (int (dig "spec" "replicas" 1 $other)) 0) (gt (int (dig "status" "replicas" 0 $other)) 0) -}}
{{- printf "store.type changes, and the pods of the other store still run: two operators would work at once. First: kubectl scale %s/%s --replicas=0 --namespace %s" (lower .kind) $name .context.Release.Namespace | fail -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses what a value would say a second time: the names that are found, those that are the chart's own, and where. */}}
{{- define "appaccess.refuseOurs" -}}
{{- range .found -}}
{{- if has . $.ours -}}
{{- printf "%s: %s is set by the chart itself" $.at . | fail -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the pod says by itself, and nobody beside it. */}}
{{- define "appaccess.refuseTwice" -}}
{{- $labels := include "appaccess.selector" . | fromYaml | keys -}}
{{- include "appaccess.refuseOurs" (dict "at" "podLabels" "found" (keys .Values.podLabels) "ours" $labels) -}}
{{- $variables := list "APPACCESS_STATE" "APPACCESS_IDENTITY" -}}
{{- range .Values.operator.extraEnvironment -}}
{{- include "appaccess.refuseOurs" (dict "at" "operator.extraEnvironment" "found" (list .name) "ours" $variables) -}}
{{- end -}}
{{- $flags := list "--state" "--identity" "--listen" "--concurrency" "--log-format" -}}
{{- range .Values.operator.extraArguments -}}
{{- $flag := splitList "=" . | first -}}
{{- include "appaccess.refuseOurs" (dict "at" "operator.extraArguments" "found" (list $flag) "ours" $flags) -}}
{{- end -}}
{{- range .Values.operator.extraVolumes -}}
{{- include "appaccess.refuseOurs" (dict "at" "operator.extraVolumes" "found" (list .name) "ours" (list "state" "scratch")) -}}
{{- end -}}
{{- range .Values.operator.extraVolumeMounts -}}
{{- $paths := list "/tmp" "/var/lib/appaccess" -}}
{{- include "appaccess.refuseOurs" (dict "at" "operator.extraVolumeMounts" "found" (list .mountPath) "ours" $paths) -}}
{{- end -}}
{{- end -}}
