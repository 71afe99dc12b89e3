"""What came out: objects, and the files of the output tree."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from compiler.kubernetes import ObjectId
from compiler.kubernetes.credentials import Credential
from compiler.kubernetes.validation.findings import Finding


@dataclass(frozen=True, slots=True)
class CrdInfo:
    """What a CustomResourceDefinition makes the API server serve."""

    group: str
    kind: str
    scope: str  # Namespaced | Cluster
    versions: tuple[str, ...]
    schemas: bytes = (
        b""  # {version: its schema and subresources} as compressed JSON: they are large, and few are looked at
    )


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """One Kubernetes object, emitted. `scope_guessed`: it named no namespace, and whether it has one now is a guess, unless
    the CRD of its kind says otherwise (`output.scopes`)."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    content: bytes
    template: str  # the template or file it came from
    sha256: str
    images: tuple[str, ...] = ()
    plaintext_secret: bool = False
    hook: str = ""
    crd: CrdInfo | None = None
    scope_guessed: bool = False
    encrypted: bool = False  # by SOPS
    credentials: tuple[Credential, ...] = ()  # literals in clear where no Secret is
    findings: tuple[Finding, ...] = ()  # what is wrong with it, where its kind is built in

    @property
    def id(self) -> ObjectId:
        return ObjectId(self.group, self.kind, self.namespace, self.name)

    def with_content(self, content: bytes) -> RenderedObject:
        """The object with other content of the same identity, and what depends on it."""
        return replace(self, content=content, sha256=hashlib.sha256(content).hexdigest())

    def __str__(self) -> str:
        return str(self.id)


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file of the output tree and where it came from (for inventory.json). `object` is None where it is not a manifest
    of one object."""

    path: str
    content: bytes
    sha256: str
    cluster: str
    layer: str = ""
    template: str = ""
    object: ObjectId | None = None


def text_file(path: str, text: str, cluster: str = "", layer: str = "", template: str = "") -> OutputFile:
    """An output file of text that is not an object of a layer."""
    content = text.encode()
    return OutputFile(path, content, hashlib.sha256(content).hexdigest(), cluster, layer, template)
