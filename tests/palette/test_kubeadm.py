"""kubeadmconfig of all layers put together, and the Cluster API objects that come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from compiler.codes import Code
from compiler.diagnostics import fail
from compiler.model import NodePool
from compiler.palette.cluster_api import ClusterFacts, objects
from compiler.palette.kubeadm import KubeadmConfig, KubeadmSource, kubeadm_config
from tests.palette.support import pack_values, told

OS = """
kubeadmconfig:
  preKubeadmCommands: [apt-get update]
  files: [{targetPath: /etc/motd, targetOwner: "root:root", targetPermissions: "0644", content: hi}]
"""
K8S = """
pack: {podCIDR: 192.168.0.0/16}
kubeadmconfig:
  apiServer:
    extraArgs: {profiling: "false", secure-port: 6443, anonymous-auth: false}
    extraVolumes: [{name: audit, hostPath: /var/log, mountPath: /var/log, readOnly: false, pathType: DirectoryOrCreate}]
    certSANs: [api.example]
  controllerManager: {extraArgs: {profiling: "false"}}
  scheduler: {extraArgs: {profiling: "false"}}
  kubeletExtraArgs: {protect-kernel-defaults: "true", event-qps: 0}
  etcd: {local: {extraArgs: {quota-backend-bytes: 8589934592}}}
  files: [{path: hardening/audit.yaml, targetPath: /etc/audit.yaml}]
  preKubeadmCommands: [echo k8s]
  postKubeadmCommands: [echo done]
"""
CSI = "kubeadmconfig: {preKubeadmCommands: [apt-get install -y nfs-common]}"


def read(path: str) -> str:
    if path != "hardening/audit.yaml":
        raise fail(Code.FILE_NOT_FOUND, f"no {path}")
    return "rules: []\n"


def merged(*layers: str) -> tuple[KubeadmConfig, list[str]]:
    sources = [KubeadmSource(f"l{i}", pack_values(text, path=f"l{i}.yaml"), read) for i, text in enumerate(layers)]
    found = kubeadm_config(sources)
    return found, [line for source in sources for line in told(source.values.problems)]


def test_lists_are_joined_in_layer_order_and_packs_files_are_put_in() -> None:
    found, problems = merged(OS, K8S, CSI)
    assert problems == []
    assert found.pre_commands == ("apt-get update", "echo k8s", "apt-get install -y nfs-common")
    assert found.files == (
        {"path": "/etc/motd", "owner": "root:root", "permissions": "0644", "content": "hi"},
        {"path": "/etc/audit.yaml", "content": "rules: []\n"},
    )
    assert found.components["apiServer"].arguments == {
        "profiling": "false",
        "secure-port": "6443",
        "anonymous-auth": "false",
    }


def test_layers_without_kubeadmconfig_say_nothing() -> None:
    assert merged("", "pack: {}") == (KubeadmConfig(), [])


def test_the_same_from_two_layers_is_one() -> None:
    found, problems = merged(K8S, K8S)
    assert problems == []
    assert len(found.files) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("files: [{targetPath: /a, content: x}]", "files: [{targetPath: /a, content: z}]"),
        ("apiServer: {extraArgs: {a: x}}", "apiServer: {extraArgs: {a: y}}"),
        ("kubeletExtraArgs: {a: x}", "kubeletExtraArgs: {a: y}"),
        (
            "scheduler: {extraVolumes: [{name: a, hostPath: /x, mountPath: /x}]}",
            "scheduler: {extraVolumes: [{name: a, hostPath: /y, mountPath: /x}]}",
        ),
        ("ntp: {enabled: true}", "ntp: {enabled: false}"),
    ],
)
def test_a_contradiction_names_both_places(one: str, other: str) -> None:
    texts = [f"kubeadmconfig: {{{text}}}" for text in (one, other)]
    sources = [KubeadmSource(f"l{i}", pack_values(text, path=f"l{i}.yaml"), read) for i, text in enumerate(texts)]
    kubeadm_config(sources)
    (problem,) = sources[1].values.problems.diagnostics
    assert problem.code == "kubeadm-conflict"
    assert (problem.at and problem.at.path, problem.related[0][0].path) == ("l1.yaml", "l0.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("files: [{content: x}]", "files[0]: needs targetPath, an absolute path on the node"),
        ("files: [{targetPath: a, content: x}]", "files[0]: needs targetPath, an absolute path on the node"),
        ("files: [{targetPath: /a}]", "files[0]: needs either content, or path of a file inside the pack"),
        (
            "files: [{targetPath: /a, path: b, content: c}]",
            "files[0]: needs either content, or path of a file inside the pack",
        ),
        ("files: [{targetPath: /a, content: c, owner: x}]", "files[0].owner: unknown field 'owner'"),
        (
            "files: [{targetPath: /a, content: c, targetPermissions: 0640}]",
            "files[0].targetPermissions: expected string, found integer 416",
        ),
        ("files: {}", "files: expected list, found mapping"),
        ("preKubeadmCommands: [1]", "preKubeadmCommands[0]: expected string, found integer 1"),
        ("apiServer: {extraArgs: {a: [x]}}", "apiServer.extraArgs.a: expected string, number or boolean, found list"),
        ("apiServer: {extraVolumes: [{name: a}]}", "apiServer.extraVolumes[0]: needs name, hostPath, mountPath"),
    ],
)
def test_what_is_wrong_is_refused(text: str, message: str) -> None:
    assert merged(f"kubeadmconfig: {{{text}}}")[1] == [f"error kubeadm-value 1: kubeadmconfig.{message}"]


def test_a_file_that_the_pack_does_not_have_is_refused() -> None:
    _, problems = merged("kubeadmconfig: {files: [{targetPath: /a, path: other}]}")
    assert problems == ["error file-not-found ?: no other"]


@pytest.mark.parametrize("text", ["apiSrver: {}", "apiServer: {timeoutForControlPlane: 4m}"])
def test_what_has_no_place_in_cluster_api_is_warned_about(text: str) -> None:
    assert [line.split()[1] for line in merged(f"kubeadmconfig: {{{text}}}")[1]] == ["kubeadm-not-mapped"]


POOLS = (NodePool("control-plane", "control-plane", 3, 1, 1, 1), NodePool("md-0", "worker", 5, 1, 1, 1))
FACTS = ClusterFacts(
    "prod", "clusters", "1.33.4", "Docker", ("192.168.0.0/16",), ("10.96.0.0/12",), "cluster.local", POOLS
)
FULL = """
users: [{name: admin, sudo: ALL}]
ntp: {enabled: true, servers: [pool.example]}
mounts: [[/dev/sda, /data]]
featureGates: {X: true}
"""


def built(*layers: str, facts: ClusterFacts = FACTS) -> dict[str, dict[str, Any]]:
    found, problems = merged(*layers)
    assert problems == []
    return {body["kind"]: body for body in objects(found, facts)}


def test_the_objects_of_a_cluster() -> None:
    found = built(OS, K8S, CSI)
    assert list(found) == ["Cluster", "KubeadmControlPlane", "KubeadmConfigTemplate", "MachineDeployment"]
    control_plane = found["KubeadmControlPlane"]["spec"]
    assert found["Cluster"]["spec"]["clusterNetwork"] == {
        "pods": {"cidrBlocks": ["192.168.0.0/16"]},
        "services": {"cidrBlocks": ["10.96.0.0/12"]},
        "serviceDomain": "cluster.local",
    }
    assert (control_plane["version"], control_plane["replicas"]) == ("v1.33.4", 3)
    configuration = control_plane["kubeadmConfigSpec"]["clusterConfiguration"]
    assert configuration["apiServer"]["extraArgs"][0] == {"name": "anonymous-auth", "value": "false"}
    assert configuration["etcd"]["local"]["extraArgs"] == [{"name": "quota-backend-bytes", "value": "8589934592"}]
    kubelet = {
        "kubeletExtraArgs": [{"name": "event-qps", "value": "0"}, {"name": "protect-kernel-defaults", "value": "true"}]
    }
    for place in ("initConfiguration", "joinConfiguration"):
        assert control_plane["kubeadmConfigSpec"][place]["nodeRegistration"] == kubelet
    worker = found["KubeadmConfigTemplate"]
    assert worker["spec"]["template"]["spec"]["joinConfiguration"]["nodeRegistration"] == kubelet
    assert "clusterConfiguration" not in worker["spec"]["template"]["spec"]
    machines = found["MachineDeployment"]["spec"]
    assert machines["template"]["spec"]["bootstrap"]["configRef"]["name"] == worker["metadata"]["name"]
    assert machines["replicas"] == 5


def test_a_changed_configuration_makes_a_new_template_and_an_equal_one_the_same() -> None:
    names = [built(text)["KubeadmConfigTemplate"]["metadata"]["name"] for text in (OS, OS, CSI)]
    assert names[0] == names[1] != names[2]


def test_a_cluster_without_workers_has_no_worker_objects() -> None:
    facts = ClusterFacts("prod", "default", "1.33.4", "Docker")
    found = built(K8S, facts=facts)
    assert list(found) == ["Cluster", "KubeadmControlPlane"]
    assert found["KubeadmControlPlane"]["spec"]["replicas"] == 1
    assert "clusterNetwork" not in found["Cluster"]["spec"]


@pytest.fixture(scope="module")
def schemas(corpus: Path) -> dict[str, Any]:
    """Kind -> validator of what the API server checks at v1beta2, with unknown fields refused instead of dropped."""
    found = {}
    for name in ("core", "clusters", "kubeadmcontrolplanes", "kubeadmconfigtemplates", "machinedeployments"):
        for path in (corpus / "crds").glob(f"*cluster.x-k8s.io_{name}.yaml"):
            crd = yaml.safe_load(path.read_text())
            (version,) = [v for v in crd["spec"]["versions"] if v["name"] == "v1beta2"]
            schema = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            found[crd["spec"]["names"]["kind"]] = jsonschema_rs.Draft202012Validator(schema)
    return found


def closed(schema: Any) -> Any:
    """The schema with `additionalProperties: false` wherever properties are listed."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        found.setdefault("additionalProperties", False)
    return found


@pytest.mark.parametrize(
    "layers",
    [("",), (OS, K8S, CSI), ("kubeadmconfig: {" + FULL.strip().replace("\n", ", ") + "}",)],
    ids=["empty", "real", "full"],
)
def test_every_object_satisfies_cluster_apis_own_schemas(schemas: dict[str, Any], layers: tuple[str, ...]) -> None:
    found = built(*layers)
    assert set(found) == set(schemas)
    problems = [f"{kind}: {error.message}" for kind, body in found.items() for error in schemas[kind].iter_errors(body)]
    assert problems == []


def test_the_schemas_refuse_an_unknown_field(schemas: dict[str, Any]) -> None:
    body = built(K8S)["KubeadmControlPlane"]
    body["spec"]["kubeadmConfigSpec"]["clusterConfiguration"]["apiServer"]["nope"] = 1
    assert not schemas["KubeadmControlPlane"].is_valid(body)
