"""The `pack:` block of a pack's values: the keys that Palette itself reads.

Everything else in the block is the pack author's own and is left alone; only a misspelt or misplaced known key is
warned about, because Palette ignores it silently.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.codes import Code
from compiler.kubernetes import keypath
from compiler.kubernetes.names import is_annotation_key, is_label_key, is_label_value, is_namespace
from compiler.palette.values import PackValues

PRIORITY = "spectrocloud.com/install-priority"
DISPLAY_NAME = "spectrocloud.com/display-name"
KNOWN = (
    "namespace", "additionalNamespaces", "namespaceLabels", "namespaceAnnotations", PRIORITY, DISPLAY_NAME,
    "releaseNameOverride", "podCIDR", "serviceClusterIpRange", "serviceDomain", "content",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PackSettings:
    """The settings in the `pack:` block of the merged values. Empty = not set."""

    namespace: str = ""
    additional_namespaces: tuple[str, ...] = ()
    namespace_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # namespace -> labels
    namespace_annotations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    install_priority: int | None = None
    display_name: str = ""
    release_names: Mapping[str, str] = field(default_factory=dict)  # chart -> release
    pod_cidr: str = ""
    service_cidr: str = ""
    service_domain: str = ""
    images: tuple[str, ...] = ()  # content.images, as written


def read_settings(values: PackValues) -> PackSettings:
    """The settings of a pack layer. Wrong ones are recorded and left out."""
    block = _Block(values.expect_mapping(values.data.get("pack"), "pack"), values)
    block.warn_about_strays()
    pods, services = block.cidrs("podCIDR"), block.cidrs("serviceClusterIpRange")
    block.refuse_overlap(pods, services)
    return PackSettings(
        namespace=block.namespace(block.data.get("namespace"), "namespace"),
        additional_namespaces=block.additional_namespaces(),
        namespace_labels=block.metadata("namespaceLabels", labels=True),
        namespace_annotations=block.metadata("namespaceAnnotations", labels=False),
        install_priority=block.priority(),
        display_name=block.text(DISPLAY_NAME),
        release_names=block.release_names(),
        pod_cidr=",".join(map(str, pods)),
        service_cidr=",".join(map(str, services)),
        service_domain=block.text("serviceDomain"),
        images=tuple(_images(block.data.get("content"))),
    )


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class _Block:
    """The `pack:` mapping with typed getters; each records a wrong value and returns the empty one."""

    data: Mapping[str, Any]
    values: PackValues

    def wrong(self, message: str, *keys: str | int, hint: str = "") -> None:
        at = self.values.locate("pack", *keys)
        self.values.problems.error(Code.PACK_SETTING, f"{keypath.show(('pack', *keys))}: {message}", at, hint=hint)

    def shown(self, value: Any) -> str:
        """A value for a message."""
        return self.values.shown("null" if value is None else f"'{value}'" if isinstance(value, str) else str(value))

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return str(value or "")
        self.wrong(self.values.mismatch("string", value), key)
        return ""

    def namespace(self, value: Any, *keys: str | int) -> str:
        """One namespace name; '' where it is missing or not an RFC 1123 label."""
        if value is None or value == "":
            return ""
        if isinstance(value, str) and is_namespace(value):
            return str(value)
        hint = "lower-case letters, digits and '-', at most 63, starting and ending with a letter or digit"
        self.wrong(f"{self.shown(value)} is not a namespace name", *keys, hint=hint)
        return ""

    def additional_namespaces(self) -> tuple[str, ...]:
        """Text with commas, a list, or the keys of a mapping: Palette's documentation describes a mapping and shows text."""
        key = "additionalNamespaces"
        value = self.data.get(key)
        if isinstance(value, str):
            names: list[Any] = [part.strip() for part in value.split(",")]
        elif isinstance(value, list | Mapping):
            names = list(value)
        elif value is None:
            names = []
        else:
            self.wrong(self.values.mismatch("string, list or mapping", value), key)
            names = []
        valid = [self.namespace(name, key) for name in names]
        return tuple(dict.fromkeys(name for name in valid if name))

    def metadata(self, key: str, *, labels: bool) -> dict[str, dict[str, str]]:
        """`{namespace: "k=v,k2=v2"}`; our format also takes a mapping in place of the text, for values with commas."""
        given = self.data.get(key)
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            self.wrong(self.values.mismatch('mapping {NAMESPACE: "key=value,key=value"}', given), key)
            return {}
        pairs = {}
        for name, text in given.items():
            if self.namespace(name, key, name):
                pairs[name] = dict(self._pairs(text, key, name, labels=labels))
        return pairs

    def _pairs(self, given: Any, key: str, name: str, *, labels: bool) -> Iterator[tuple[str, str]]:
        if isinstance(given, str):
            pairs: list[tuple[str, Any]] = []
            for part in filter(None, map(str.strip, given.split(","))):
                label, equals, value = part.partition("=")
                pairs.append((label.strip(), value.strip() if equals else None))
        else:
            pairs = list(given.items()) if isinstance(given, Mapping) else [(self.shown(given), None)] if given else []
        for label, value in pairs:
            if not isinstance(value, str):
                self.wrong(f"{self.shown(label)} is not key=value", key, name, hint='write "key=value,key=value"')
            elif is_label_key(label) and is_label_value(value) if labels else is_annotation_key(label):
                yield label, value
            else:
                kind = "label" if labels else "annotation"
                self.wrong(f"{self.shown(f'{label}={value}')} is not a valid {kind}", key, name)

    def priority(self) -> int | None:
        """The install priority, as text or integer (both occur)."""
        value = self.data.get(PRIORITY)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value is None or value == "":
            return None
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", value):
            return int(value)
        self.wrong(self.values.mismatch("integer", value), PRIORITY)
        return None

    def release_names(self) -> dict[str, str]:
        given = self.data.get("releaseNameOverride")
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            self.wrong(self.values.mismatch("mapping {CHART: RELEASE}", given), "releaseNameOverride")
            return {}
        by_chart = {}
        for chart, release in given.items():
            if isinstance(release, str):
                by_chart[chart] = str(release)
            elif release is not None:
                self.wrong(self.values.mismatch("string", release), "releaseNameOverride", chart)
        return by_chart

    def cidrs(self, key: str) -> list[Network]:
        """The networks of a CIDR, or of two with a comma (dual stack)."""
        networks: list[Network] = []
        for part in self.text(key).split(","):
            if part.strip():
                try:
                    networks.append(ipaddress.ip_network(part.strip(), strict=False))
                except ValueError:
                    self.wrong(f"{self.shown(part.strip())} is not a CIDR", key, hint="for example 192.168.0.0/16")
        return networks

    def refuse_overlap(self, pods: list[Network], services: list[Network]) -> None:
        for pod in pods:
            for service in services:
                if pod.version == service.version and pod.overlaps(service):
                    self.values.problems.error(
                        Code.CIDR_OVERLAP,
                        f"pack.podCIDR {pod} and pack.serviceClusterIpRange {service} overlap",
                        self.values.locate("pack", "podCIDR"),
                        related=[(self.values.locate("pack", "serviceClusterIpRange"), "the other one")],
                    )

    def warn_about_strays(self) -> None:
        """Known keys under `pack.content` (a real mistake: the whole block shifted) and near misses of known keys."""
        content = self.data.get("content")
        for key in KNOWN[:-1]:
            if isinstance(content, Mapping) and key in content:
                self._stray(f"content.{key}", f"move it one level up: pack.{key}", "content", key)
        for key in self.data:
            near = [known for known in KNOWN if key != known and key.casefold() == known.casefold()]
            if near:
                self._stray(key, f"did you mean '{near[0]}'?", key)

    def _stray(self, name: str, hint: str, *keys: str) -> None:
        at = self.values.locate("pack", *keys)
        self.values.problems.warning(Code.PACK_SETTING_MISPLACED, f"pack.{name} has no effect", at, hint=hint)


def _images(content: Any) -> Iterator[str]:
    """`content.images: [{image: NAME}]`; entries of another shape are not ours to judge (`pack lint` does)."""
    images = content.get("images") if isinstance(content, Mapping) else None
    for item in images if isinstance(images, list) else ():
        image = item.get("image") if isinstance(item, Mapping) else item
        if isinstance(image, str) and image:
            yield str(image)
