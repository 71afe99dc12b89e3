"""`kubeadmconfig:` of the packs of a cluster, merged: os, k8s, cni, csi, then add-ons.

Lists are joined in that order. A file, argument or volume that two layers set must be equal in both, else it is refused
with both positions: nothing in the profile decides which one wins.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, did_you_mean
from compiler.kubernetes import keypath
from compiler.palette.values import PackValues
from compiler.yamldoc import text_of

KEY = "kubeadmconfig"
COMPONENTS = ("apiServer", "controllerManager", "scheduler")
_COMMANDS = ("preKubeadmCommands", "postKubeadmCommands")
# Of kubeadm's ClusterConfiguration, and of the bootstrap provider's KubeadmConfigSpec: taken over as they are.
_CLUSTER_FIELDS = ("etcd", "dns", "imageRepository", "featureGates", "certificatesDir")
_NODE_FIELDS = ("users", "ntp", "mounts", "diskSetup")
_KNOWN = (*COMPONENTS, "kubeletExtraArgs", "files", *_COMMANDS, *_CLUSTER_FIELDS, *_NODE_FIELDS)
_FILE_FIELDS = {
    "targetPath": "path", "targetOwner": "owner", "targetPermissions": "permissions", "content": "content",
    "encoding": "encoding", "append": "append",
}  # fmt: skip
_COMPONENT_FIELDS = ("extraArgs", "extraVolumes", "extraEnvs", "certSANs")
_VOLUME_FIELDS = ("name", "hostPath", "mountPath", "readOnly", "pathType")


@dataclass(frozen=True, slots=True)
class KubeadmSource:
    """One layer's values, and how a file of its pack is read (`files[].path`; raises CompileError)."""

    layer: str
    values: PackValues
    read: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Component:
    """The settings of one control plane component."""

    arguments: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[Mapping[str, Any], ...] = ()
    other: Mapping[str, Any] = field(default_factory=dict)  # certSANs and the like, as they are


@dataclass(frozen=True, slots=True)
class KubeadmConfig:
    """The kubeadm configuration of a cluster. Fields are those of Cluster API's KubeadmConfigSpec unless noted."""

    components: Mapping[str, Component] = field(default_factory=dict)
    kubelet_arguments: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()
    pre_commands: tuple[str, ...] = ()
    post_commands: tuple[str, ...] = ()
    cluster_fields: Mapping[str, Any] = field(default_factory=dict)
    node_fields: Mapping[str, Any] = field(default_factory=dict)


def kubeadm_config(sources: Sequence[KubeadmSource]) -> KubeadmConfig:
    """The configuration of all layers, in their order. Problems are recorded with the layer's values."""
    merge = _Merge()
    for source in sources:
        block = _Block(source, source.values.expect_mapping(source.values.data.get(KEY), KEY), (KEY,))
        block.warn_unmapped(_KNOWN)
        merge.take(block)
    once = merge.once
    return KubeadmConfig(
        components={name: merge.component(name) for name in COMPONENTS if merge.has(name)},
        kubelet_arguments=once.of("kubeletExtraArgs"),
        files=tuple(once.of("files").values()),
        pre_commands=tuple(merge.commands[_COMMANDS[0]]),
        post_commands=tuple(merge.commands[_COMMANDS[1]]),
        cluster_fields={key: value for key, value in once.of("fields").items() if key in _CLUSTER_FIELDS},
        node_fields={key: value for key, value in once.of("fields").items() if key in _NODE_FIELDS},
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """A mapping inside one layer's values."""

    source: KubeadmSource
    data: Mapping[str, Any]
    path: tuple[str | int, ...]

    @property
    def values(self) -> PackValues:
        return self.source.values

    def at(self, *keys: str | int) -> Position:
        return self.values.locate(*self.path, *keys)

    def wrong(self, message: str, *keys: str | int, hint: str = "") -> None:
        name = keypath.show((*self.path, *keys))
        self.values.problems.error(Code.KUBEADM_VALUE, f"{name}: {message}", self.at(*keys), hint=hint)

    def child(self, key: str) -> _Block:
        given = self.data.get(key)
        if given is not None and not isinstance(given, Mapping):
            self.wrong(self.values.mismatch("mapping", given), key)
        return _Block(self.source, given if isinstance(given, Mapping) else {}, (*self.path, key))

    def items(self, key: str) -> Iterator[tuple[int, Any]]:
        given = self.data.get(key)
        if given is not None and not isinstance(given, list):
            self.wrong(self.values.mismatch("list", given), key)
        yield from enumerate(given if isinstance(given, list) else ())

    def children(self, key: str) -> Iterator[_Block]:
        for index, item in self.items(key):
            if isinstance(item, Mapping):
                yield _Block(self.source, item, (*self.path, key, index))
            else:
                self.wrong(self.values.mismatch("mapping", item), key, index)

    def arguments(self, key: str) -> Iterator[tuple[str, str, Position]]:
        """Command line arguments, name to text; numbers and booleans as YAML writes them."""
        for name, value in self.child(key).data.items():
            text = text_of(value)
            if text is None:
                self.wrong(self.values.mismatch("string, number or boolean", value), key, name)
            else:
                yield name, text, self.at(key, name)

    def warn_unmapped(self, known: Collection[str]) -> None:
        """Warns of unknown fields: Cluster API drops them silently."""
        for key in self.data:
            if key not in known:
                name, hint = keypath.show((*self.path, key)), did_you_mean(key, known)
                self.values.problems.warning(Code.KUBEADM_NOT_MAPPED, f"{name} has no effect", self.at(key), hint=hint)


@dataclass(slots=True)
class _Once:
    """Things that may be set once, or again to the same value."""

    known: dict[str, dict[str, tuple[Any, Position]]] = field(default_factory=dict)

    def put(self, group: str, name: str, value: Any, block: _Block, at: Position) -> None:
        before, first_at = self.known.setdefault(group, {}).setdefault(name, (value, at))
        if before != value:
            block.values.problems.error(
                Code.KUBEADM_CONFLICT,
                f"layer '{block.source.layer}': {group} '{name}' differs from another layer's",
                at,
                hint="make them equal, or set it in one layer only",
                related=[(first_at, "the other one")],
            )

    def of(self, group: str) -> dict[str, Any]:
        return {name: value for name, (value, _) in self.known.get(group, {}).items()}


@dataclass(slots=True)
class _Merge:
    once: _Once = field(default_factory=_Once)
    commands: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _COMMANDS})

    def take(self, block: _Block) -> None:
        for name in COMPONENTS:
            self._take_component(name, block.child(name))
        for name, text, at in block.arguments("kubeletExtraArgs"):
            self.once.put("kubeletExtraArgs", name, text, block, at)
        for item in block.children("files"):
            file = _file(item)
            if file is not None:
                self.once.put("files", file["path"], file, block, item.at())
        for key in _COMMANDS:
            for index, command in block.items(key):
                if isinstance(command, str):
                    self.commands[key].append(str(command))
                else:
                    block.wrong(block.values.mismatch("string", command), key, index)
        for key in (*_CLUSTER_FIELDS, *_NODE_FIELDS):
            if block.data.get(key) is not None:
                self.once.put("fields", key, block.data[key], block, block.at(key))

    def _take_component(self, name: str, block: _Block) -> None:
        block.warn_unmapped(_COMPONENT_FIELDS)
        for argument, text, at in block.arguments("extraArgs"):
            self.once.put(f"{name}.extraArgs", argument, text, block, at)
        for item in block.children("extraVolumes"):
            strays = [key for key in item.data if key not in _VOLUME_FIELDS]
            missing = [key for key in _VOLUME_FIELDS[:3] if not isinstance(item.data.get(key), str)]
            if strays or missing:
                item.wrong(f"needs {', '.join(_VOLUME_FIELDS[:3])}" if missing else f"unknown field '{strays[0]}'")
            else:
                self.once.put(f"{name}.extraVolumes", item.data["name"], dict(item.data), block, item.at())
        for key in _COMPONENT_FIELDS[2:]:
            if key in block.data:
                self.once.put(f"{name}.other", key, block.data[key], block, block.at(key))

    def has(self, name: str) -> bool:
        return any(group.startswith(f"{name}.") for group in self.once.known)

    def component(self, name: str) -> Component:
        return Component(
            arguments=self.once.of(f"{name}.extraArgs"),
            volumes=tuple(self.once.of(f"{name}.extraVolumes").values()),
            other=self.once.of(f"{name}.other"),
        )


def _file(item: _Block) -> dict[str, Any] | None:
    """An entry of `files` as Cluster API has it, a file of the pack as content. None where it is wrong (recorded)."""
    fields = {ours: item.data[theirs] for theirs, ours in _FILE_FIELDS.items() if item.data.get(theirs) is not None}
    inner = item.data.get("path")
    unknown = [key for key in item.data if key not in (*_FILE_FIELDS, "path")]
    if not isinstance(fields.get("path"), str) or not fields["path"].startswith("/"):
        item.wrong("needs targetPath, an absolute path on the node")
    elif unknown:
        item.wrong(f"unknown field '{unknown[0]}'", unknown[0], hint=did_you_mean(unknown[0], (*_FILE_FIELDS, "path")))
    elif (inner is None) == ("content" not in fields):
        item.wrong("needs either content, or path of a file inside the pack")
    elif not isinstance(fields.get("permissions", ""), str):
        message = item.values.mismatch("string", fields["permissions"])
        item.wrong(message, "targetPermissions", hint='YAML reads 0640 as the number 416; write "0640"')
    elif not all(isinstance(fields.get(key, ""), str) for key in ("owner", "content", "encoding")):
        item.wrong("targetOwner, content and encoding are text")
    elif inner is None:
        return fields
    else:
        try:
            return {**fields, "content": item.source.read(str(inner))}
        except CompileError as error:
            item.values.problems.add(error)
    return None
