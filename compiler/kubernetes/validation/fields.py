"""What the API server checks of single fields beyond their types: one half of the table of rules (see `rules.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.kubernetes.validation import syntax
from compiler.kubernetes.validation.syntax import Check, between, one_of

_NATURAL = between(0)
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

FIELDS: Mapping[str, Mapping[str, Check]] = {
    "admissionregistration.v1.MutatingWebhook": {
        "failurePolicy": one_of("Fail", "Ignore"),
        "matchPolicy": one_of("Equivalent", "Exact"),
        "reinvocationPolicy": one_of("Never", "IfNeeded"),
        "sideEffects": one_of("None", "NoneOnDryRun"),
        "timeoutSeconds": between(1, 30),
    },
    "admissionregistration.v1.NamedRuleWithOperations": {
        "operations": one_of("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
    },
    "admissionregistration.v1.RuleWithOperations": {
        "operations": one_of("*", "CONNECT", "CREATE", "DELETE", "UPDATE"),
        "scope": one_of("*", "Cluster", "Namespaced"),
    },
    "admissionregistration.v1.ServiceReference": {"path": syntax.absolute, "port": between(1, 65535)},
    "admissionregistration.v1.ValidatingAdmissionPolicySpec": {"failurePolicy": one_of("Fail", "Ignore")},
    "admissionregistration.v1.ValidatingWebhook": {
        "failurePolicy": one_of("Fail", "Ignore"),
        "matchPolicy": one_of("Equivalent", "Exact"),
        "sideEffects": one_of("None", "NoneOnDryRun"),
        "timeoutSeconds": between(1, 30),
    },
    "apiextensions.v1.CustomResourceDefinitionSpec": {"scope": one_of("Cluster", "Namespaced")},
    "apiextensions.v1.CustomResourceDefinitionVersion": {"name": syntax.label_1035},
    "apiregistration.v1.APIServiceSpec": {
        "groupPriorityMinimum": between(1, 20000),
        "versionPriority": between(1, 1000),
    },
    "apps.v1.DaemonSetSpec": {"minReadySeconds": _NATURAL, "revisionHistoryLimit": _NATURAL},
    "apps.v1.DaemonSetUpdateStrategy": {"type": one_of("RollingUpdate", "OnDelete")},
    "apps.v1.DeploymentSpec": {"minReadySeconds": _NATURAL, "replicas": _NATURAL, "revisionHistoryLimit": _NATURAL},
    "apps.v1.DeploymentStrategy": {"type": one_of("Recreate", "RollingUpdate")},
    "apps.v1.ReplicaSetSpec": {"minReadySeconds": _NATURAL, "replicas": _NATURAL},
    "apps.v1.RollingUpdateDeployment": {"maxSurge": syntax.surge, "maxUnavailable": syntax.amount},
    "apps.v1.RollingUpdateStatefulSetStrategy": {"partition": _NATURAL},
    "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {
        "whenDeleted": one_of("Retain", "Delete"),
        "whenScaled": one_of("Retain", "Delete"),
    },
    "apps.v1.StatefulSetSpec": {
        "minReadySeconds": _NATURAL,
        "podManagementPolicy": one_of("OrderedReady", "Parallel"),
        "replicas": _NATURAL,
        "revisionHistoryLimit": _NATURAL,
    },
    "apps.v1.StatefulSetUpdateStrategy": {"type": one_of("RollingUpdate", "OnDelete")},
    "autoscaling.v2.HPAScalingRules": {"stabilizationWindowSeconds": between(0, 3600)},
    "autoscaling.v2.MetricTarget": {
        "averageUtilization": between(1),
        "type": one_of("Utilization", "Value", "AverageValue"),
    },
    "batch.v1.CronJobSpec": {
        "schedule": syntax.schedule,
        "concurrencyPolicy": one_of("Allow", "Forbid", "Replace"),
        "failedJobsHistoryLimit": _NATURAL,
        "startingDeadlineSeconds": _NATURAL,
        "successfulJobsHistoryLimit": _NATURAL,
    },
    "batch.v1.JobSpec": {
        "activeDeadlineSeconds": _NATURAL,
        "backoffLimit": _NATURAL,
        "completions": _NATURAL,
        "parallelism": _NATURAL,
        "ttlSecondsAfterFinished": _NATURAL,
    },
    "core.v1.ConfigMap": {"binaryData": syntax.config_keys, "data": syntax.config_keys},
    "core.v1.ConfigMapVolumeSource": {"defaultMode": between(0, 0o777)},
    "core.v1.Container": {
        "imagePullPolicy": one_of("Always", "IfNotPresent", "Never"),
        "name": syntax.label,
        "terminationMessagePolicy": one_of("File", "FallbackToLogsOnError"),
    },
    "core.v1.ContainerPort": {
        "containerPort": between(1, 65535),
        "hostPort": between(0, 65535),
        "name": syntax.port_name,
        "protocol": one_of("SCTP", "TCP", "UDP"),
    },
    "core.v1.ConfigMapEnvSource": {"name": syntax.subdomain},
    "core.v1.ConfigMapKeySelector": {"name": syntax.subdomain},
    "core.v1.EnvVar": {"name": syntax.env_name},
    "core.v1.HTTPGetAction": {"port": syntax.port, "scheme": one_of("HTTP", "HTTPS")},
    "core.v1.HostAlias": {"ip": syntax.ip},
    "core.v1.HostPathVolumeSource": {
        "type": one_of(
            "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"
        )
    },
    "core.v1.KeyToPath": {"mode": between(0, 0o777), "path": syntax.relative},
    "core.v1.NFSVolumeSource": {"path": syntax.absolute},
    "core.v1.NodeSelectorRequirement": {"operator": one_of(*_OPERATORS, "Gt", "Lt")},
    "core.v1.PersistentVolumeClaimSpec": {
        "accessModes": one_of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"),
        "storageClassName": syntax.subdomain,
    },
    "core.v1.PodDNSConfig": {"nameservers": lambda value: next(filter(None, map(syntax.ip, value)), "")},
    "core.v1.PodOS": {"name": one_of("linux", "windows")},
    "core.v1.PodSecurityContext": {
        "fsGroup": between(0, 2**31 - 1),
        "fsGroupChangePolicy": one_of("Always", "OnRootMismatch"),
        "runAsGroup": between(0, 2**31 - 1),
        "runAsUser": between(0, 2**31 - 1),
    },
    "core.v1.PodSpec": {
        "activeDeadlineSeconds": between(1, 2**31 - 1),
        "dnsPolicy": one_of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
        "hostname": syntax.label,
        "nodeName": syntax.subdomain,
        "nodeSelector": syntax.label_map,
        "preemptionPolicy": one_of("PreemptLowerPriority", "Never"),
        "priorityClassName": syntax.subdomain,
        "restartPolicy": one_of("Always", "OnFailure", "Never"),
        "runtimeClassName": syntax.subdomain,
        "serviceAccountName": syntax.subdomain,
        "subdomain": syntax.label,
    },
    "core.v1.PreferredSchedulingTerm": {"weight": between(1, 100)},
    "core.v1.Probe": {
        "failureThreshold": _NATURAL,
        "initialDelaySeconds": _NATURAL,
        "periodSeconds": _NATURAL,
        "successThreshold": _NATURAL,
        "timeoutSeconds": _NATURAL,
    },
    "core.v1.ResourceFieldSelector": {
        "resource": lambda value: (
            ""
            if value.startswith(("limits.", "requests."))
            else f"expected limits.cpu, requests.memory or the like, found '{value}'"
        )
    },
    "core.v1.Secret": {"data": syntax.config_keys, "stringData": syntax.config_keys},
    "core.v1.SecretEnvSource": {"name": syntax.subdomain},
    "core.v1.SecretKeySelector": {"name": syntax.subdomain},
    "core.v1.SecretVolumeSource": {"defaultMode": between(0, 0o777)},
    "core.v1.SecurityContext": {
        "procMount": one_of("Default", "Unmasked"),
        "runAsGroup": between(0, 2**31 - 1),
        "runAsUser": between(0, 2**31 - 1),
    },
    "core.v1.ServicePort": {
        "name": syntax.label,
        "nodePort": between(0, 65535),
        "port": between(1, 65535),
        "protocol": one_of("SCTP", "TCP", "UDP"),
        "targetPort": lambda value: "" if value in (0, "") else syntax.port(value),
    },
    "core.v1.ServiceSpec": {
        "externalName": lambda value: syntax.subdomain(value.removesuffix(".")),
        "externalTrafficPolicy": one_of("Cluster", "Local"),
        "internalTrafficPolicy": one_of("Cluster", "Local"),
        "ipFamilies": one_of("IPv4", "IPv6"),
        "ipFamilyPolicy": one_of("PreferDualStack", "RequireDualStack", "SingleStack"),
        "loadBalancerSourceRanges": lambda value: next(
            filter(None, (syntax.cidr(str(each).strip()) for each in value)), ""
        ),
        "selector": syntax.label_map,
        "sessionAffinity": one_of("ClientIP", "None"),
        "type": one_of("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    },
    "core.v1.TCPSocketAction": {"port": syntax.port},
    "core.v1.Toleration": {"effect": one_of("NoSchedule", "PreferNoSchedule", "NoExecute")},
    "core.v1.TopologySpreadConstraint": {
        "maxSkew": between(1),
        "whenUnsatisfiable": one_of("DoNotSchedule", "ScheduleAnyway"),
    },
    "core.v1.Volume": {"name": syntax.label},
    "core.v1.WeightedPodAffinityTerm": {"weight": between(1, 100)},
    "discovery.v1.EndpointSlice": {"addressType": one_of("FQDN", "IPv4", "IPv6")},
    "meta.v1.LabelSelector": {"matchLabels": syntax.label_map},
    "meta.v1.LabelSelectorRequirement": {"operator": one_of(*_OPERATORS)},
    "meta.v1.ObjectMeta": {"annotations": syntax.annotation_map, "labels": syntax.label_map},
    "networking.v1.HTTPIngressPath": {"pathType": one_of("Exact", "ImplementationSpecific", "Prefix")},
    "networking.v1.IPBlock": {"cidr": syntax.cidr},
    "networking.v1.IngressRule": {"host": lambda value: syntax.subdomain(value.removeprefix("*."))},
    "networking.v1.IngressServiceBackend": {"name": syntax.label_1035},
    "networking.v1.IngressSpec": {"ingressClassName": syntax.subdomain},
    "networking.v1.IngressTLS": {
        "hosts": lambda value: next(
            filter(None, (syntax.subdomain(str(each).removeprefix("*.")) for each in value)), ""
        ),
        "secretName": syntax.subdomain,
    },
    "networking.v1.NetworkPolicyPort": {"port": syntax.port, "protocol": one_of("SCTP", "TCP", "UDP")},
    "networking.v1.NetworkPolicySpec": {
        "policyTypes": lambda value: (
            one_of("Ingress", "Egress")(value) or ("" if len(value) <= 2 else "expected at most two")
        )
    },
    "policy.v1.PodDisruptionBudgetSpec": {
        "maxUnavailable": syntax.amount,
        "minAvailable": syntax.amount,
        "unhealthyPodEvictionPolicy": one_of("AlwaysAllow", "IfHealthyBudget"),
    },
    "node.v1.RuntimeClass": {"handler": syntax.label},
    "rbac.v1.Subject": {"kind": one_of("ServiceAccount", "User", "Group")},
    "storage.v1.CSIDriverSpec": {
        "fsGroupPolicy": one_of("File", "None", "ReadWriteOnceWithFSType"),
        "volumeLifecycleModes": one_of("Persistent", "Ephemeral"),
    },
    "storage.v1.StorageClass": {
        "reclaimPolicy": one_of("Delete", "Retain"),
        "volumeBindingMode": one_of("Immediate", "WaitForFirstConsumer"),
    },
}
"""{definition: {field: what a value must be}}, looked at where its type is right."""
