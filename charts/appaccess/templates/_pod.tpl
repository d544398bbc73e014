{{/* The pod: the same whatever keeps the store. */}}
{{- define "appaccess.pod" -}}
{{- include "appaccess.refuseTwice" . -}}
{{- $postgres := eq .Values.store.type "postgres" -}}
metadata:
  labels:
    {{- include "appaccess.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "appaccess.serviceAccount" . }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: operator
      image: {{ include "appaccess.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - operator
        {{- $address := .Values.operator.listenAddress }}
        - {{ printf "--listen=%s:8080" (ternary (printf "[%s]" $address) $address (contains ":" $address)) | quote }}
        - --concurrency={{ .Values.operator.concurrency }}
        - --log-format={{ .Values.operator.logFormat }}
        {{- with .Values.operator.extraArguments }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: APPACCESS_STATE
          {{- if $postgres }}
          valueFrom:
            secretKeyRef:
              name: {{ required "store.type is postgres: name in store.postgres.secretName the Secret with the database's URL" .Values.store.postgres.secretName }}
              key: {{ .Values.store.postgres.secretKey }}
          {{- else }}
          value: /var/lib/appaccess/state.db
          {{- end }}
        # Under which name the writer's lease is held. A pod of a StatefulSet keeps it, and goes on at once after a crash.
        - name: APPACCESS_IDENTITY
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        {{- with .Values.operator.extraEnvironment }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: metrics, containerPort: 8080, protocol: TCP}
      startupProbe:
        httpGet: {path: /healthz, port: metrics}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: {path: /healthz, port: metrics}
        periodSeconds: 20
        timeoutSeconds: 5
        failureThreshold: 3
      readinessProbe:
        httpGet: {path: /readyz, port: metrics}
        periodSeconds: 10
        timeoutSeconds: 5
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        {{- if not $postgres }}
        - {name: state, mountPath: /var/lib/appaccess}
        {{- end }}
        - {name: scratch, mountPath: /tmp}
        {{- with .Values.operator.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: scratch
      emptyDir: {sizeLimit: 64Mi}
    {{- with .Values.operator.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.affinity }}
  affinity: {{- toYaml .Values.affinity | nindent 4 }}
  {{- else if $postgres }}
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 100
          podAffinityTerm:
            topologyKey: kubernetes.io/hostname
            labelSelector:
              matchLabels: {{- include "appaccess.selector" . | nindent 16 }}
  {{- end }}
{{- end -}}
