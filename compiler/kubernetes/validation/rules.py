"""What the API server checks beyond types, of built-in kinds: the table of rules, written by hand.

Each row was held against a real API server's answers (tests/schemas). What is not here is not checked: an object that
passes may still be refused. Sources: k8s.io/kubernetes pkg/apis/*/validation, apimachinery's validation of metadata.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from compiler.kubernetes.validation import kinds, networks, pods
from compiler.kubernetes.validation.kinds import Rule

RULES: Mapping[str, tuple[Rule, ...]] = {
    "admissionregistration.v1.MutatingWebhook": (kinds.webhook,),
    "admissionregistration.v1.RuleWithOperations": (kinds.rule_with_operations,),
    "admissionregistration.v1.ValidatingAdmissionPolicy": (kinds.needs("spec"),),
    "admissionregistration.v1.ValidatingAdmissionPolicyBinding": (kinds.needs("spec"),),
    "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": (kinds.needs("policyName", "validationActions"),),
    "admissionregistration.v1.ValidatingAdmissionPolicySpec": (kinds.policy,),
    "admissionregistration.v1.ValidatingWebhook": (kinds.webhook,),
    "apiextensions.v1.CustomResourceDefinitionSpec": (kinds.crd,),
    "apps.v1.DaemonSet": (kinds.needs("spec"),),
    "apps.v1.DaemonSetSpec": (kinds.selects_template(), pods.mounts),
    "apps.v1.Deployment": (kinds.needs("spec"),),
    "apps.v1.DeploymentSpec": (kinds.selects_template(), pods.mounts, kinds.deployment),
    "apps.v1.ReplicaSet": (kinds.needs("spec"),),
    "apps.v1.ReplicaSetSpec": (kinds.needs("template"), kinds.selects_template(), pods.mounts),
    "apps.v1.StatefulSet": (kinds.needs("spec"),),
    "apps.v1.StatefulSetSpec": (kinds.selects_template(), pods.mounts),
    "autoscaling.v1.HorizontalPodAutoscalerSpec": (kinds.autoscaler,),
    "autoscaling.v2.HorizontalPodAutoscaler": (kinds.needs("spec"),),
    "autoscaling.v2.HorizontalPodAutoscalerSpec": (kinds.autoscaler,),
    "autoscaling.v2.MetricSpec": (kinds.metric,),
    "autoscaling.v2.MetricTarget": (kinds.metric_target,),
    "batch.v1.CronJob": (kinds.needs("spec"),),
    "batch.v1.Job": (kinds.needs("spec"),),
    "batch.v1.JobSpec": (kinds.job, pods.mounts),
    "core.v1.ConfigMap": (kinds.config_map,),
    "core.v1.Container": (pods.container,),
    "core.v1.EnvFromSource": (pods.one_env_from,),
    "core.v1.EnvVar": (pods.env_source,),
    "core.v1.EnvVarSource": (pods.one_env_source,),
    "core.v1.LifecycleHandler": (pods.handler,),
    "core.v1.Namespace": (kinds.namespace,),
    "core.v1.PersistentVolumeClaim": (kinds.needs("spec"),),
    "core.v1.PersistentVolumeClaimSpec": (kinds.claim,),
    "core.v1.PersistentVolumeSpec": (kinds.needs("accessModes", "capacity"),),
    "core.v1.Pod": (pods.mounts,),
    "core.v1.PodSpec": (pods.pod,),
    "core.v1.PodTemplateSpec": (pods.pod_template,),
    "core.v1.Probe": (pods.handler,),
    "core.v1.ResourceRequirements": (pods.resources,),
    "core.v1.Secret": (kinds.secret,),
    "core.v1.ServiceSpec": (networks.service,),
    "core.v1.Toleration": (pods.toleration,),
    "core.v1.Volume": (pods.one_volume_source,),
    "meta.v1.LabelSelectorRequirement": (kinds.selector_requirement,),
    "networking.v1.HTTPIngressPath": (networks.ingress_path,),
    "networking.v1.Ingress": (kinds.needs("spec"),),
    "networking.v1.IngressBackend": (networks.ingress_backend,),
    "networking.v1.IngressSpec": (networks.ingress,),
    "networking.v1.IngressClassSpec": (kinds.needs("controller"),),
    "networking.v1.NetworkPolicyPeer": (networks.network_peer,),
    "networking.v1.NetworkPolicyPort": (networks.network_port,),
    "policy.v1.PodDisruptionBudgetSpec": (kinds.disruption_budget,),
    "rbac.v1.ClusterRole": (functools.partial(kinds.role, namespaced=False),),
    "rbac.v1.ClusterRoleBinding": (functools.partial(kinds.binding, kinds=("ClusterRole",)),),
    "rbac.v1.Role": (functools.partial(kinds.role, namespaced=True),),
    "rbac.v1.RoleBinding": (functools.partial(kinds.binding, kinds=("Role", "ClusterRole")),),
}
"""{definition: rules of the whole value}, looked at where every field of it is right by itself."""

UNIQUE = frozenset(
    {
        "core.v1.PodSpec.containers",
        "core.v1.PodSpec.initContainers",
        "core.v1.PodSpec.schedulingGates",
        "core.v1.PodSpec.topologySpreadConstraints",
        "core.v1.PodSpec.volumes",
        "core.v1.ServiceSpec.ports",
        "core.v1.Container.volumeMounts",
        "admissionregistration.v1.MutatingWebhookConfiguration.webhooks",
        "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec.validationActions",
        "admissionregistration.v1.ValidatingWebhookConfiguration.webhooks",
    }
)
"""Lists whose keys are unique for every request. Of the others with keys, only server-side apply refuses two of a key."""
