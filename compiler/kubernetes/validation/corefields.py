"""What the API server checks of single fields of the core group: pods, Services, volumes. Part of `fields.py`."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.kubernetes.validation import syntax
from compiler.kubernetes.validation.syntax import Check, between, each, one_of

_NATURAL = between(0)
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_MODE = between(0, 0o777)
_SCOPES = (
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
)

CORE: Mapping[str, Mapping[str, Check]] = {
    "core.v1.ConfigMap": {"binaryData": syntax.config_keys, "data": syntax.config_keys},
    "core.v1.ConfigMapVolumeSource": {"defaultMode": _MODE},
    "core.v1.Container": {
        "restartPolicy": one_of("Always", "OnFailure", "Never"),
        "imagePullPolicy": one_of("Always", "IfNotPresent", "Never"),
        "name": syntax.label,
        "terminationMessagePolicy": one_of("File", "FallbackToLogsOnError"),
    },
    "core.v1.ContainerPort": {
        "hostIP": syntax.ip,
        "containerPort": between(1, 65535),
        "hostPort": between(0, 65535),
        "name": syntax.port_name,
        "protocol": one_of("SCTP", "TCP", "UDP"),
    },
    "core.v1.ConfigMapEnvSource": {"name": syntax.subdomain},
    "core.v1.ConfigMapKeySelector": {"name": syntax.subdomain},
    "core.v1.EnvVar": {"name": syntax.env_name},
    "core.v1.HTTPGetAction": {"port": syntax.port, "scheme": one_of("HTTP", "HTTPS")},
    "core.v1.HostAlias": {
        "ip": syntax.ip,
        "hostnames": each(syntax.subdomain),
    },
    "core.v1.HostPathVolumeSource": {
        "path": syntax.no_steps,
        "type": one_of(
            "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"
        ),
    },
    "core.v1.KeyToPath": {"mode": _MODE, "path": syntax.free_path},
    "core.v1.NFSVolumeSource": {"path": syntax.absolute},
    "core.v1.NodeSelectorRequirement": {
        "operator": one_of(*_OPERATORS, "Gt", "Lt"),
        "key": syntax.label_key,
    },
    "core.v1.PersistentVolumeClaimSpec": {
        "volumeMode": one_of("Block", "Filesystem"),
        "accessModes": one_of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"),
        "storageClassName": syntax.subdomain,
    },
    "core.v1.PodDNSConfig": {"nameservers": syntax.nameservers, "searches": syntax.searches},
    "core.v1.PodOS": {"name": one_of("linux", "windows")},
    "core.v1.PodSecurityContext": {
        "supplementalGroups": each(between(0, 2**31 - 1)),
        "supplementalGroupsPolicy": one_of("Merge", "Strict"),
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
        "terminationGracePeriodSeconds": between(1),
        "failureThreshold": _NATURAL,
        "initialDelaySeconds": _NATURAL,
        "periodSeconds": _NATURAL,
        "successThreshold": _NATURAL,
        "timeoutSeconds": _NATURAL,
    },
    "core.v1.ResourceFieldSelector": {"resource": syntax.resource_field},
    "core.v1.Secret": {"data": syntax.config_keys, "stringData": syntax.config_keys},
    "core.v1.SecretEnvSource": {"name": syntax.subdomain},
    "core.v1.SecretKeySelector": {"name": syntax.subdomain},
    "core.v1.SecretVolumeSource": {"defaultMode": _MODE},
    "core.v1.SecurityContext": {
        "procMount": one_of("Default", "Unmasked"),
        "runAsGroup": between(0, 2**31 - 1),
        "runAsUser": between(0, 2**31 - 1),
    },
    "core.v1.ServicePort": {
        "appProtocol": syntax.label_key,
        "name": syntax.label,
        "nodePort": between(0, 65535),
        "port": between(1, 65535),
        "protocol": one_of("SCTP", "TCP", "UDP"),
        "targetPort": lambda value: "" if value in (0, "") else syntax.port(value),
    },
    "core.v1.ServiceSpec": {
        "clusterIP": syntax.cluster_ip,
        "clusterIPs": each(syntax.cluster_ip),
        "externalIPs": each(syntax.reachable_ip),
        "loadBalancerClass": syntax.label_key,
        "trafficDistribution": one_of("PreferClose", "PreferSameNode", "PreferSameZone"),
        "externalName": lambda value: syntax.subdomain(value.removesuffix(".")),
        "externalTrafficPolicy": one_of("Cluster", "Local"),
        "internalTrafficPolicy": one_of("Cluster", "Local"),
        "ipFamilies": one_of("IPv4", "IPv6"),
        "ipFamilyPolicy": one_of("PreferDualStack", "RequireDualStack", "SingleStack"),
        "loadBalancerSourceRanges": each(lambda item: syntax.cidr(str(item).strip())),
        "selector": syntax.label_map,
        "sessionAffinity": one_of("ClientIP", "None"),
        "type": one_of("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    },
    "core.v1.TCPSocketAction": {"port": syntax.port},
    "core.v1.Toleration": {
        "effect": one_of("NoSchedule", "PreferNoSchedule", "NoExecute"),
        "key": syntax.label_key,
        "operator": one_of("Equal", "Exists", "Gt", "Lt"),
    },
    "core.v1.TopologySpreadConstraint": {
        "minDomains": between(1),
        "nodeAffinityPolicy": one_of("Honor", "Ignore"),
        "nodeTaintsPolicy": one_of("Honor", "Ignore"),
        "topologyKey": syntax.label_key,
        "maxSkew": between(1),
        "whenUnsatisfiable": one_of("DoNotSchedule", "ScheduleAnyway"),
    },
    "core.v1.Volume": {"name": syntax.label},
    "core.v1.WeightedPodAffinityTerm": {"weight": between(1, 100)},
    "core.v1.ConfigMapProjection": {
        "name": syntax.subdomain,
    },
    "core.v1.SecretProjection": {
        "name": syntax.subdomain,
    },
    "core.v1.DownwardAPIVolumeFile": {
        "mode": _MODE,
        "path": syntax.free_path,
    },
    "core.v1.DownwardAPIVolumeSource": {
        "defaultMode": _MODE,
    },
    "core.v1.ProjectedVolumeSource": {
        "defaultMode": _MODE,
    },
    "core.v1.ServiceAccountTokenProjection": {
        "expirationSeconds": between(600, 1 << 32),
        "path": syntax.free_path,
    },
    "core.v1.HTTPHeader": {
        "name": syntax.header,
    },
    "core.v1.EmptyDirVolumeSource": {
        "sizeLimit": syntax.positive,
    },
    "core.v1.GRPCAction": {
        "port": between(1, 65535),
    },
    "core.v1.ISCSIVolumeSource": {
        "lun": between(0, 255),
    },
    "core.v1.AzureDiskVolumeSource": {
        "cachingMode": one_of("None", "ReadOnly", "ReadWrite"),
        "kind": one_of("Dedicated", "Managed", "Shared"),
    },
    "core.v1.CSIVolumeSource": {
        "driver": syntax.driver,
    },
    "core.v1.CSIPersistentVolumeSource": {
        "driver": syntax.driver,
    },
    "core.v1.ImageVolumeSource": {
        "pullPolicy": one_of("Always", "IfNotPresent", "Never"),
    },
    "core.v1.ObjectFieldSelector": {
        "apiVersion": one_of("v1"),
        "fieldPath": syntax.pod_field,
    },
    "core.v1.PersistentVolumeSpec": {
        "accessModes": one_of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"),
        "persistentVolumeReclaimPolicy": one_of("Delete", "Recycle", "Retain"),
        "storageClassName": syntax.subdomain,
        "volumeMode": one_of("Block", "Filesystem"),
    },
    "core.v1.PodAffinityTerm": {
        "namespaces": each(syntax.label),
        "topologyKey": syntax.label_key,
    },
    "core.v1.PodReadinessGate": {
        "conditionType": syntax.label_key,
    },
    "core.v1.PodSchedulingGate": {
        "name": syntax.label_key,
    },
    "core.v1.SeccompProfile": {
        "localhostProfile": syntax.relative,
        "type": one_of("Localhost", "RuntimeDefault", "Unconfined"),
    },
    "core.v1.AppArmorProfile": {
        "type": one_of("Localhost", "RuntimeDefault", "Unconfined"),
    },
    "core.v1.ClientIPConfig": {
        "timeoutSeconds": between(1, 86400),
    },
    "core.v1.Sysctl": {
        "name": syntax.sysctl,
    },
    "core.v1.Taint": {
        "effect": one_of("NoExecute", "NoSchedule", "PreferNoSchedule"),
        "key": syntax.label_key,
        "value": syntax.label_value,
    },
    "core.v1.VolumeMount": {
        "mountPropagation": one_of("Bidirectional", "HostToContainer", "None"),
        "recursiveReadOnly": one_of("Disabled", "Enabled", "IfPossible"),
        "subPath": syntax.relative,
        "subPathExpr": syntax.relative,
    },
    "core.v1.VolumeDevice": {
        "devicePath": syntax.no_steps,
    },
    "core.v1.EndpointAddress": {
        "hostname": syntax.label,
        "ip": syntax.endpoint_ip,
    },
    "core.v1.EndpointPort": {
        "name": syntax.label,
        "port": between(1, 65535),
        "protocol": one_of("SCTP", "TCP", "UDP"),
        "appProtocol": syntax.label_key,
    },
    "core.v1.LimitRangeItem": {
        "type": syntax.limit_type,
    },
    "core.v1.ResourceQuotaSpec": {
        "scopes": one_of(*_SCOPES),
    },
    "core.v1.ScopedResourceSelectorRequirement": {
        "operator": one_of(*_OPERATORS),
        "scopeName": one_of(*_SCOPES),
    },
    "core.v1.ReplicationControllerSpec": {
        "minReadySeconds": _NATURAL,
        "replicas": _NATURAL,
    },
}
