"""Where a registry of Palette's is: what the record keeps of it, and its URL. An export seldom has more than its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from compiler.codes import Code
from compiler.fields.reader import Reader

_LOGIN = ("auth", "credentials", "password", "token", "tls", "username")
_ADDRESS = ("endpoint", "basePath", "baseContentPath")
_USER = re.compile(r"^((?:[a-z]+://)?)[^/@]*@")
_SCHEME = re.compile(r"^[a-z]+://")
_URL = re.compile(r"(https?|oci)://[^\s/@,]+(/[^\s@,]*)?")


def record_registry(entry: Reader, record: dict[str, Any]) -> None:
    """Adds the registry of an entry: what Palette calls it, and its address. Logins are left out and told, once."""
    registry = entry.child("registry")
    metadata = dict(registry.child("metadata").data)
    name = str(metadata.get("name") or "")
    if not metadata or name in record.get("registries", {}):
        return
    address: dict[str, Any] = {}
    left_out = [f"metadata.{key}" for key in _LOGIN if metadata.pop(key, None) is not None]
    for part, given in (("metadata", metadata), ("spec", registry.child("spec").data)):
        left_out += [f"{part}.{key}" for key in given if key in _LOGIN]
        for key in _ADDRESS:
            value = given.get(key)
            if isinstance(value, str) and value:
                address[key] = _USER.sub(r"\1", value)
                if address[key] != value:
                    left_out.append(f"the login in {part}.{key}")
                    if part == "metadata":
                        metadata[key] = address[key]
    record.setdefault("registries", {})[name] = metadata
    if address:
        record.setdefault("addresses", {})[name] = address
    if left_out:
        entry.problems.warning(
            Code.IMPORT_MASKED,
            f"registry '{name}': {', '.join(left_out)} is left out: a repository has no credentials",
            entry.at("registry"),
            hint="log in where `lamella lock` runs: see docs/registries.md",
        )


def url_of(metadata: Mapping[str, Any], address: Mapping[str, Any]) -> str:
    """The URL of a registry; '' where the export has none, or it is of Palette's own kind of registry, which nothing else
    speaks to."""
    endpoint = str(address.get("endpoint") or "").rstrip("/")
    if not endpoint or metadata.get("kind") == "pack":
        return ""
    if metadata.get("kind") == "helm":
        url = endpoint if _SCHEME.match(endpoint) else f"https://{endpoint}"
    else:
        base = str(address.get("basePath") or address.get("baseContentPath") or "").strip("/")
        url = f"oci://{_SCHEME.sub('', endpoint)}{f'/{base}' if base else ''}"
    return url if _URL.fullmatch(url) else ""
