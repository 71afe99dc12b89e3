"""`argocd:` and `flux:` of lamella.yaml (docs/delivery.md lists the options)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.fields.reader import Reader
from compiler.files.paths import normalise
from compiler.model import ArgocdOptions, FluxOptions

_ARGOCD_KEYS = ("repoURL", "targetRevision", "path", "namespace", "project", "fleet", "prune", "selfHeal", "cascade")
_FLUX_KEYS = (
    "sourceKind", "sourceName", "path", "namespace", "fleet", "interval", "retryInterval", "timeout", "prune",
    "decryptionSecret",
)  # fmt: skip
_SOURCE_KINDS = ("GitRepository", "OCIRepository", "Bucket")
# Source: the pattern of spec.interval in the CRD of Flux's Kustomization.
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+")
_NOT_IN_URL = re.compile(r"[\s\x00-\x1f\x7f]")


def read_argocd(reader: Reader, output: str, *, used: bool) -> ArgocdOptions:
    """The options of Argo CD. Problems are recorded.

    `used`: Argo CD is one of the deliveries, so an option without a default is required.
    """
    reader.only(_ARGOCD_KEYS)
    default = ArgocdOptions()
    return ArgocdOptions(
        repo_url=_repo_url(reader, used),
        target_revision=_text(reader, "targetRevision", default.target_revision),
        path=_path(reader, output),
        namespace=_name(reader, "namespace", default.namespace),
        project=_name(reader, "project", default.project),
        fleet=_name(reader, "fleet", default.fleet),
        prune=reader.boolean("prune", default.prune),
        self_heal=reader.boolean("selfHeal", default.self_heal),
        cascade=reader.boolean("cascade", default.cascade),
    )


def read_flux(reader: Reader, output: str) -> FluxOptions:
    """The options of Flux. Problems are recorded."""
    reader.only(_FLUX_KEYS)
    default = FluxOptions()
    return FluxOptions(
        source_kind=reader.choice("sourceKind", _SOURCE_KINDS, default.source_kind),
        source_name=_name(reader, "sourceName", default.source_name),
        path=_path(reader, output),
        namespace=_name(reader, "namespace", default.namespace),
        fleet=_name(reader, "fleet", default.fleet),
        interval=_duration(reader, "interval", default.interval),
        retry_interval=_duration(reader, "retryInterval", default.retry_interval),
        timeout=_duration(reader, "timeout", default.timeout),
        prune=reader.boolean("prune", default.prune),
        decryption_secret=_name(reader, "decryptionSecret", default.decryption_secret),
    )


def _repo_url(reader: Reader, used: bool) -> str:
    url = reader.string("repoURL")
    if not url and used:
        reader.problems.error(
            Code.DELIVERY_OPTION,
            "argocd.repoURL is required: the repository from which Argo CD reads the output",
            reader.here,
            hint="set argocd: {repoURL: https://git.example.com/platform/fleet.git}, as `argocd repo list` shows it",
        )
    elif _NOT_IN_URL.search(url) or _holds_password(url):
        reader.problems.error(
            Code.DELIVERY_OPTION,
            "argocd.repoURL contains a password or a space",
            reader.at("repoURL"),
            hint="the URL is written to the output; add credentials to Argo CD itself with `argocd repo add`",
        )
        return ""
    return url


def _holds_password(url: str) -> bool:
    try:
        return urlsplit(url).password is not None
    except ValueError:
        return True


def _text(reader: Reader, key: str, default: str) -> str:
    return reader.string(key) or default


def _name(reader: Reader, key: str, default: str) -> str:
    return reader.name(key, required=False) or default


def _path(reader: Reader, output: str) -> str:
    """The output directory as the controller sees it: its path in this repository, unless `path` sets another."""
    path = reader.string("path")
    if not path:
        return output
    try:
        return normalise("", path, reader.at("path"))
    except CompileError as error:
        reader.problems.add(error)
        return output


def _duration(reader: Reader, key: str, default: str) -> str:
    duration = reader.string(key)
    if duration and not _DURATION.fullmatch(duration):
        reader.problems.error(
            Code.DELIVERY_OPTION,
            f"{reader.name_of(key)}: '{duration}' is not a valid duration",
            reader.at(key),
            hint="write it as 10m, 90s or 1h30m",
        )
        return default
    return duration or default
