"""lamella.yaml: output folder, delivery, registries, policy. Everything is optional."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems
from compiler.fields.reader import Reader, mismatch
from compiler.kubernetes import is_builtin_group
from compiler.kubernetes.imagefields import ImageField, parse_field
from compiler.load.delivery import read_argocd, read_flux
from compiler.load.layer import read_policy
from compiler.load.registries import read_imports, read_registry
from compiler.model import Settings
from compiler.ports import Files

PATH = "lamella.yaml"
_NEAR = re.compile(r"\.?lamella(\.ya?ml)?(\.ya?ml|\.json|\.txt)", re.IGNORECASE)
API_VERSION = "lamella/v1"
SCOPES = ("Namespaced", "Cluster")
SOURCES = ("profiles", "packs", ".github")  # folders at the top that are never written
DELIVERIES = ("argocd", "flux")


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
        (
            "apiVersion",
            "kind",
            "output",
            "delivery",
            "registries",
            "vendor",
            "imports",
            "policy",
            "images",
            "imageFields",
            "scopes",
            *DELIVERIES,
        )
    )
    reader.choice("apiVersion", (API_VERSION,), required=True)
    reader.choice("kind", ("Settings",), required=True)
    output = _read_folder(reader, "output", taken=SOURCES)
    delivery = reader.choices("delivery", DELIVERIES)
    return Settings(
        output=output,
        delivery=delivery,  # type: ignore[arg-type]
        argocd=read_argocd(reader.child("argocd"), output, used="argocd" in delivery),
        flux=read_flux(reader.child("flux"), output),
        registries=tuple(read_registry(child) for child in reader.children("registries")),
        imports=read_imports(reader),
        vendor=_read_folder(reader, "vendor", taken=(output, ".github")),
        policy=read_policy(reader),
        image_fields=tuple(field for child in reader.children("imageFields") for field in _read_image_fields(child)),
        scopes=_read_scopes(reader.child("scopes")),
        at=Position(PATH, 1),
    )


def _read_folder(reader: Reader, key: str, *, taken: Collection[str] = ()) -> str:
    """The folder of the repository at the key, by default named as the key. What cannot be one is reported."""
    folder = reader.string(key, key).rstrip("/")
    parts = folder.split("/")
    if (
        not folder
        or parts[0] in taken
        or any(part in ("", ".", "..") or part.startswith(".git") for part in parts)
        or "\\" in folder
    ):
        reader.problems.error(
            Code.OUTPUT_PATH,
            f"{key}: '{reader.data.get(key)}' is not a folder inside the repository",
            reader.at(key),
            hint=f"set a relative path such as {key} or rendered/{key}",
        )
        return key
    return folder


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


def _read_scopes(reader: Reader) -> dict[tuple[str, str], str]:
    """Of custom kinds whose CRD is not in the repository: `{group/Kind: Namespaced | Cluster}`."""
    scopes = {}
    for name in reader.data:
        group, _, kind = str(name).partition("/")
        if not group or not kind or "/" in kind or is_builtin_group(group):
            reader.error(Code.INVALID_VALUE, name, "expected a custom kind as group/Kind", hint="example.org/Widget")
        elif scope := reader.choice(name, SCOPES, required=True):
            scopes[group, kind] = scope
    return scopes
