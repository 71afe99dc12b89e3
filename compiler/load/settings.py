"""lamella.yaml: output folder, delivery, registries, policy. Everything is optional."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems
from compiler.fields.reader import Reader, mismatch
from compiler.kubernetes import is_builtin_group
from compiler.kubernetes.imagefields import ImageField, parse_field
from compiler.load.delivery import read_argocd, read_flux
from compiler.load.layer import read_policy
from compiler.model import Registry, Settings
from compiler.ports import Files

PATH = "lamella.yaml"
_NEAR = re.compile(r"\.?lamella(\.ya?ml)?(\.ya?ml|\.json|\.txt)", re.IGNORECASE)
API_VERSION = "lamella/v1"
DELIVERIES = ("argocd", "flux")
_URLS = ("https://", "oci://", "http://")
_GIT_URLS = ("https://", "ssh://", "git@", "file://", "http://")
_USER = re.compile(r"([a-z]+://)[^/@]*@")


def read_settings_file(files: Files, problems: Problems) -> Settings:
    """The settings of the repository; the defaults if it has no lamella.yaml. Problems are recorded.

    A file whose name is nearly that one is an error where it is the only one, else a warning: it is not read.
    """
    present = files.entry(PATH) is not None
    for name in files.names(""):
        if name != PATH and _NEAR.fullmatch(name) and (entry := files.entry(name)) and entry.kind == "file":
            report = problems.warning if present else problems.error
            hint = f"merge it into {PATH} and delete it" if present else f"rename it to {PATH}"
            report(Code.SETTINGS_NAME, f"this file is not read: settings are in '{PATH}'", Position(name), hint=hint)
    if not present:
        return Settings()
    try:
        document = yamldoc.load_one(files.read(PATH), PATH)
    except CompileError as error:
        problems.add(error)
        return Settings()
    if document.value is None:
        return Settings()
    if not isinstance(document.value, dict):
        problems.error(Code.WRONG_TYPE, mismatch("mapping", document.value), Position(PATH, 1))
        return Settings()
    reader = Reader(document.value, document, problems)
    reader.only(
        ("apiVersion", "kind", "output", "delivery", "registries", "imports", "policy", "imageFields", *DELIVERIES)
    )
    reader.choice("apiVersion", (API_VERSION,), required=True)
    reader.choice("kind", ("Settings",), required=True)
    if reader.data.get("imports"):
        problems.error(
            Code.NOT_SUPPORTED,
            "imports (profiles from other repositories) are not supported yet",
            reader.at("imports"),
            hint="copy the profiles into this repository",
        )
    output, delivery = _read_output(reader), reader.choices("delivery", DELIVERIES)
    return Settings(
        output=output,
        delivery=delivery,  # type: ignore[arg-type]
        argocd=read_argocd(reader.child("argocd"), output, used="argocd" in delivery),
        flux=read_flux(reader.child("flux"), output),
        registries=tuple(_read_registry(child) for child in reader.children("registries")),
        policy=read_policy(reader),
        image_fields=tuple(field for child in reader.children("imageFields") for field in _read_image_fields(child)),
        at=Position(PATH, 1),
    )


def _read_output(reader: Reader) -> str:
    output = reader.string("output", "output").strip("/")
    parts = output.split("/")
    taken = parts[0] in ("profiles", "packs", ".github")
    if (
        not output
        or taken
        or any(part in ("", ".", "..") or part.startswith(".git") for part in parts)
        or "\\" in output
    ):
        reader.problems.error(
            Code.OUTPUT_PATH,
            f"output: '{reader.data.get('output')}' is not a folder inside the repository",
            reader.at("output"),
            hint="set a relative path such as output or rendered/manifests",
        )
        return "output"
    return output


def _read_image_fields(reader: Reader) -> Iterator[ImageField]:
    """The image fields of one custom kind."""
    reader.only(("group", "kind", "paths"))
    group, kind = reader.string("group", required=True), reader.string("kind", required=True)
    if group and is_builtin_group(group):
        reader.error(Code.INVALID_VALUE, "group", f"'{group}' is Kubernetes' own: where its kinds name images is known")
    for index, path in enumerate(reader.items("paths", required=True)):
        try:
            yield parse_field(group, kind, path)
        except ValueError as error:
            message = f"{reader.name_of('paths', index)}: {error}"
            reader.problems.error(Code.INVALID_VALUE, message, reader.at("paths", index))


def _read_registry(reader: Reader) -> Registry:
    reader.only(("name", "kind", "path", "url", "git", "ref", "layout"))
    git, url = reader.string("git"), reader.string("url").rstrip("/")
    if not git:
        reader.one_of(Code.REGISTRY_SOURCE, ("path", "url"), hint="or set git, with ref and path inside it")
    elif url:
        reader.one_of(Code.REGISTRY_SOURCE, ("url", "git"))
    kind = reader.choice("kind", ("pack", "helm"), "pack")
    registry = Registry(
        name=reader.string("name", required=True),
        at=reader.here,
        path=reader.string("path").strip("/"),
        url=url,
        kind=kind,  # type: ignore[arg-type]
        git=git,
        ref=reader.string("ref"),
        layout=reader.choice("layout", ("lamella", "palette"), "lamella"),  # type: ignore[arg-type]
    )
    _check_registry(reader, registry)
    return registry


def _check_registry(reader: Reader, registry: Registry) -> None:
    """What the keys may be together, and that no credentials are in them."""
    for key, address, schemes in (("url", registry.url, _URLS), ("git", registry.git, _GIT_URLS)):
        if address and not address.startswith(schemes):
            reader.error(Code.REGISTRY_URL, key, f"expected {', '.join(schemes)}; found '{_without_user(address)}'")
        if _USER.match(address) and not address.startswith(("ssh://", "git@")):
            reader.error(
                Code.REGISTRY_CREDENTIALS,
                key,
                "credentials in a URL would be committed",
                hint="remove them, and see docs/registries.md for where credentials come from",
            )
    for key, value, fits in (
        ("git", registry.git, registry.kind == "pack"),
        ("ref", registry.ref, bool(registry.git)),
    ):
        if value and not fits:
            reader.error(Code.REGISTRY_SOURCE, key, "only a registry of packs in git has it")
    if "layout" in reader.data and not registry.url.startswith("oci://"):
        reader.error(Code.REGISTRY_SOURCE, "layout", "only a registry of packs at an oci:// URL has it")


def _without_user(address: str) -> str:
    return _USER.sub(r"\1", address)
