"""What the API server checks of single fields beyond their types: one half of the table of rules (see `rules.py`)."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.kubernetes.validation import cron, syntax
from compiler.kubernetes.validation.corefields import CORE
from compiler.kubernetes.validation.syntax import Check, between, each, one_of

_NATURAL = between(0)
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

FIELDS: Mapping[str, Mapping[str, Check]] = {
    **CORE,
    "admissionregistration.v1.MutatingWebhook": {
        "failurePolicy": one_of("Fail", "Ignore"),
        "matchPolicy": one_of("Equivalent", "Exact"),
        "reinvocationPolicy": one_of("Never", "IfNeeded"),
        "sideEffects": one_of("None", "NoneOnDryRun"),
        "timeoutSeconds": between(1, 30),
    },
    "admissionregistration.v1.NamedRuleWithOperations": {
        "scope": one_of("*", "Cluster", "Namespaced"),
        "operations": one_of("*", "CONNECT", "CREATE", "DELETE", "UPDATE"),
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
        "version": syntax.label_1035,
        "groupPriorityMinimum": between(1, 20000),
        "versionPriority": between(1, 1000),
    },
    "apps.v1.DaemonSetSpec": {"minReadySeconds": _NATURAL, "revisionHistoryLimit": _NATURAL},
    "apps.v1.DaemonSetUpdateStrategy": {"type": one_of("RollingUpdate", "OnDelete")},
    "apps.v1.DeploymentSpec": {"minReadySeconds": _NATURAL, "replicas": _NATURAL, "revisionHistoryLimit": _NATURAL},
    "apps.v1.DeploymentStrategy": {"type": one_of("Recreate", "RollingUpdate")},
    "apps.v1.ReplicaSetSpec": {"minReadySeconds": _NATURAL, "replicas": _NATURAL},
    "apps.v1.RollingUpdateDeployment": {"maxSurge": syntax.surge, "maxUnavailable": syntax.amount},
    "apps.v1.RollingUpdateStatefulSetStrategy": {
        "partition": _NATURAL,
        "maxUnavailable": syntax.amount,
    },
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
    "autoscaling.v2.HPAScalingRules": {
        "stabilizationWindowSeconds": between(0, 3600),
        "selectPolicy": one_of("Disabled", "Max", "Min"),
        "tolerance": syntax.positive,
    },
    "autoscaling.v2.MetricTarget": {
        "averageValue": syntax.above_zero,
        "value": syntax.above_zero,
        "averageUtilization": between(1),
        "type": one_of("Utilization", "Value", "AverageValue"),
    },
    "batch.v1.CronJobSpec": {
        "timeZone": cron.zone,
        "schedule": cron.schedule,
        "concurrencyPolicy": one_of("Allow", "Forbid", "Replace"),
        "failedJobsHistoryLimit": _NATURAL,
        "startingDeadlineSeconds": _NATURAL,
        "successfulJobsHistoryLimit": _NATURAL,
    },
    "batch.v1.JobSpec": {
        "backoffLimitPerIndex": _NATURAL,
        "completionMode": one_of("Indexed", "NonIndexed"),
        "managedBy": syntax.prefixed_path,
        "maxFailedIndexes": between(0, 100000),
        "podReplacementPolicy": one_of("Failed", "TerminatingOrFailed"),
        "activeDeadlineSeconds": _NATURAL,
        "backoffLimit": _NATURAL,
        "completions": _NATURAL,
        "parallelism": _NATURAL,
        "ttlSecondsAfterFinished": _NATURAL,
    },
    "discovery.v1.EndpointSlice": {"addressType": one_of("FQDN", "IPv4", "IPv6")},
    "meta.v1.LabelSelector": {"matchLabels": syntax.label_map},
    "meta.v1.LabelSelectorRequirement": {"operator": one_of(*_OPERATORS)},
    "meta.v1.ObjectMeta": {"annotations": syntax.annotation_map, "labels": syntax.label_map},
    "networking.v1.HTTPIngressPath": {"pathType": one_of("Exact", "ImplementationSpecific", "Prefix")},
    "networking.v1.IPBlock": {
        "cidr": syntax.cidr,
        "except": each(syntax.cidr),
    },
    "networking.v1.IngressRule": {"host": syntax.host},
    "networking.v1.IngressServiceBackend": {"name": syntax.label_1035},
    "networking.v1.IngressSpec": {"ingressClassName": syntax.subdomain},
    "networking.v1.IngressTLS": {
        "hosts": each(lambda item: syntax.subdomain(str(item).removeprefix("*."))),
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
        "provisioner": syntax.provisioner,
        "reclaimPolicy": one_of("Delete", "Retain"),
        "volumeBindingMode": one_of("Immediate", "WaitForFirstConsumer"),
    },
    "apps.v1.RollingUpdateDaemonSet": {
        "maxSurge": syntax.amount,
        "maxUnavailable": syntax.amount,
    },
    "apps.v1.StatefulSetOrdinals": {
        "start": _NATURAL,
    },
    "autoscaling.v1.HorizontalPodAutoscalerSpec": {
        "minReplicas": between(1),
        "targetCPUUtilizationPercentage": between(1),
    },
    "autoscaling.v2.HorizontalPodAutoscalerSpec": {
        "minReplicas": between(1),
    },
    "autoscaling.v1.CrossVersionObjectReference": {
        "kind": syntax.path_segment,
        "name": syntax.path_segment,
    },
    "autoscaling.v2.CrossVersionObjectReference": {
        "kind": syntax.path_segment,
        "name": syntax.path_segment,
    },
    "autoscaling.v2.MetricIdentifier": {
        "name": syntax.path_segment,
    },
    "autoscaling.v2.HPAScalingPolicy": {
        "periodSeconds": between(1, 1800),
        "type": one_of("Percent", "Pods"),
        "value": between(1),
    },
    "autoscaling.v2.MetricSpec": {
        "type": one_of("ContainerResource", "External", "Object", "Pods", "Resource"),
    },
    "batch.v1.PodFailurePolicyRule": {
        "action": one_of("Count", "FailIndex", "FailJob", "Ignore"),
    },
    "batch.v1.PodFailurePolicyOnExitCodesRequirement": {
        "operator": one_of("In", "NotIn"),
    },
    "batch.v1.PodFailurePolicyOnPodConditionsPattern": {
        "status": one_of("False", "True", "Unknown"),
        "type": syntax.label_key,
    },
    "admissionregistration.v1.MatchCondition": {
        "name": syntax.label_key,
    },
    "admissionregistration.v1.AuditAnnotation": {
        "key": syntax.audit_key,
    },
    "admissionregistration.v1.MatchResources": {
        "matchPolicy": one_of("Equivalent", "Exact"),
    },
    "admissionregistration.v1.ParamRef": {
        "parameterNotFoundAction": one_of("Allow", "Deny"),
    },
    "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": {
        "policyName": syntax.subdomain,
        "validationActions": one_of("Audit", "Deny", "Warn"),
    },
    "admissionregistration.v1.Validation": {
        "message": syntax.one_line,
        "reason": one_of("Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"),
    },
    "admissionregistration.v1.WebhookClientConfig": {
        "url": syntax.webhook_url,
    },
    "apiextensions.v1.WebhookClientConfig": {
        "url": syntax.webhook_url,
    },
    "apiextensions.v1.ServiceReference": {
        "path": syntax.absolute,
        "port": between(1, 65535),
    },
    "apiextensions.v1.CustomResourceConversion": {
        "strategy": one_of("None", "Webhook"),
    },
    "apiregistration.v1.ServiceReference": {
        "port": between(1, 65535),
    },
    "coordination.v1.LeaseSpec": {
        "leaseDurationSeconds": between(1),
        "leaseTransitions": _NATURAL,
    },
    "discovery.v1.EndpointPort": {
        "appProtocol": syntax.label_key,
        "name": syntax.label,
        "protocol": one_of("SCTP", "TCP", "UDP"),
        "port": between(1, 65535),
    },
    "discovery.v1.Endpoint": {
        "hostname": syntax.label,
    },
    "networking.v1.IngressClassSpec": {
        "controller": syntax.prefixed_path,
    },
    "networking.v1.IngressClassParametersReference": {
        "kind": syntax.path_segment,
        "name": syntax.path_segment,
        "scope": one_of("Cluster", "Namespace"),
    },
    "networking.v1.ServiceBackendPort": {
        "name": syntax.port_name,
        "number": between(1, 65535),
    },
    "node.v1.Scheduling": {
        "nodeSelector": syntax.label_map,
    },
    "rbac.v1.RoleRef": {
        "apiGroup": one_of("rbac.authorization.k8s.io"),
        "name": syntax.path_segment,
    },
    "scheduling.v1.PriorityClass": {
        "preemptionPolicy": one_of("Never", "PreemptLowerPriority"),
    },
    "storage.v1.TokenRequest": {
        "expirationSeconds": between(600, 1 << 32),
    },
}
"""{definition: {field: what a value must be}}, looked at where its type is right."""
