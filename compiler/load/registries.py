"""`registries:` and `imports:` of lamella.yaml: what comes from elsewhere, without a word about who we are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.fields.reader import Reader
from compiler.files.paths import normalise
from compiler.model import IMPORT_SCOPES, Import, Registry

URLS = ("https://", "oci://", "http://")
GIT_URLS = ("https://", "ssh://", "git@", "file://", "http://")
_USER = re.compile(r"([a-z]+://)[^/@]*@")


def read_registry(reader: Reader) -> Registry:
    """One entry of `registries:`; what is wrong with it is recorded."""
    reader.only(("name", "kind", "path", "url", "git", "ref", "layout", "verify", "keyring", "cosignKey"))
    git, url = reader.string("git"), reader.string("url").rstrip("/")
    if not git:
        reader.one_of(Code.REGISTRY_SOURCE, ("path", "url"), hint="or set git, with ref and path inside it")
    elif url:
        reader.one_of(Code.REGISTRY_SOURCE, ("url", "git"))
    kind = reader.choice("kind", ("pack", "helm"), "pack")
    registry = Registry(
        name=reader.string("name", required=True),
        at=reader.here,
        path=_folder(reader) if git else reader.string("path").strip("/"),
        url=url,
        kind=kind,  # type: ignore[arg-type]
        git=git,
        ref=reader.string("ref"),
        layout=reader.choice("layout", ("lamella", "palette"), "lamella"),  # type: ignore[arg-type]
        verify=reader.choice("verify", ("always", "if-present", "never"), "never"),  # type: ignore[arg-type]
        keyring=_file(reader, "keyring"),
        cosign_key=_file(reader, "cosignKey"),
    )
    _check_registry(reader, registry)
    return registry


def read_imports(reader: Reader) -> tuple[Import, ...]:
    """`imports:`, the nearest first; what is wrong with them is recorded, and such an import left out: it is fetched
    before all else is read."""
    imports: dict[str, Import] = {}
    for child in reader.children("imports"):
        before = len(child.problems.errors)
        child.only(("name", "git", "ref", "path", "scope"))
        name, git = child.name(), child.string("git", required=True)
        scope = child.choice("scope", IMPORT_SCOPES, "tenant")
        imported = Import(name, child.here, git, child.string("ref"), _folder(child), scope)  # type: ignore[arg-type]
        check_url(git, GIT_URLS, partial(child.error, key="git"))
        if len(child.problems.errors) > before:
            continue
        other = imports.setdefault(name, imported)
        if other is not imported:
            child.problems.error(
                Code.DUPLICATE_NAME,
                f"import '{name}' is defined twice",
                child.here,
                related=[(other.at, "first defined here")],
                hint="rename one of them",
            )
    return tuple(sorted(imports.values(), key=lambda each: IMPORT_SCOPES.index(each.scope)))


def _check_registry(reader: Reader, registry: Registry) -> None:
    """What the keys may be together, and that no credentials are in them."""
    for key, address, schemes in (("url", registry.url, URLS), ("git", registry.git, GIT_URLS)):
        check_url(address, schemes, partial(reader.error, key=key))
    for key, value, fits in (
        ("git", registry.git, registry.kind == "pack"),
        ("ref", registry.ref, bool(registry.git)),
    ):
        if value and not fits:
            reader.error(Code.REGISTRY_SOURCE, key, "only a registry of packs in git has it")
    signed = registry.kind == "helm" or bool(registry.cosign_key)
    for key, fits, where in (
        ("keyring", registry.kind == "helm" and bool(registry.url), "a registry of charts at a URL"),
        ("cosignKey", registry.url.startswith("oci://"), "a registry at an oci:// URL"),
        ("verify", bool(registry.url) and signed, "a registry of charts at a URL, or one with cosignKey,"),
    ):
        if reader.data.get(key) and not fits:
            reader.error(Code.REGISTRY_SOURCE, key, f"only {where} has it")
    if registry.keyring and registry.cosign_key:
        reader.one_of(Code.REGISTRY_SOURCE, ("keyring", "cosignKey"))
    if "layout" in reader.data and not registry.url.startswith("oci://"):
        reader.error(Code.REGISTRY_SOURCE, "layout", "only a registry of packs at an oci:// URL has it")


def _file(reader: Reader, key: str) -> str:
    """A file of the repository, '' for none."""
    try:
        return normalise("", path, reader.at(key)) if (path := reader.string(key)) else ""
    except CompileError as error:
        reader.problems.add(error)
        return ""


def _folder(reader: Reader) -> str:
    """The folder inside a git repository, '' for all of it."""
    path = reader.string("path").strip("/")
    try:
        return normalise("", path, reader.at("path")) if path else ""
    except CompileError as error:
        reader.problems.add(error)
        return ""


def check_url(address: str, schemes: Collection[str], report: Callable[..., Any]) -> None:
    """Reports an address of another scheme, and one with credentials in it."""
    if address and not address.startswith(tuple(schemes)):
        report(Code.REGISTRY_URL, message=f"expected {', '.join(schemes)}; found '{_without_user(address)}'")
    if _USER.match(address) and not address.startswith(("ssh://", "git@")):
        report(
            Code.REGISTRY_CREDENTIALS,
            message="credentials in a URL would be committed",
            hint="remove them, and see docs/registries.md for where credentials come from",
        )


def _without_user(address: str) -> str:
    return _USER.sub(r"\1", address)
