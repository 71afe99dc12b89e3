"""lamella.yaml: output folder, delivery, registries, policy. Everything is optional."""

from __future__ import annotations

from typing import Any

from compiler import yamldoc
from compiler.diagnostics import CompileError, Position, Problems, fail
from compiler.fields.reader import Reader
from compiler.load.delivery import read_argocd, read_flux
from compiler.load.layer import read_policy
from compiler.model import Registry, Settings
from compiler.ports import Files

PATH = "lamella.yaml"
API_VERSION = "lamella/v1"
DELIVERIES = ("argocd", "flux")


def read_settings_file(files: Files, problems: Problems) -> Settings:
    """The settings of the repository; the defaults where it has no lamella.yaml. Problems are recorded."""
    if files.entry(PATH) is None:
        return Settings()
    try:
        document = yamldoc.load_one(files.read(PATH), PATH)
    except CompileError as error:
        problems.add(error)
        return Settings()
    if document.value is None:
        return Settings()
    if not isinstance(document.value, dict):
        problems.add(fail("wrong-type", "lamella.yaml must be a mapping", Position(PATH, 1)))
        return Settings()
    reader = Reader(document.value, document, problems)
    reader.only(("apiVersion", "kind", "output", "delivery", "registries", "imports", "policy", *DELIVERIES))
    reader.choice("apiVersion", (API_VERSION,), required=True)
    reader.choice("kind", ("Settings",), required=True)
    if reader.data.get("imports"):
        problems.error(
            "not-supported",
            "imports (profiles from other repositories) are not supported yet",
            reader.at("imports"),
            hint="copy the profiles into this repository for now",
        )
    output, delivery = _read_output(reader), _read_delivery(reader)
    return Settings(
        output=output,
        delivery=delivery,
        argocd=read_argocd(reader.child("argocd"), output, used="argocd" in delivery),
        flux=read_flux(reader.child("flux"), output),
        registries=tuple(_read_registry(child) for child in reader.children("registries")),
        policy=read_policy(reader),
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
            "output-path",
            f"output: '{reader.data.get('output')}' is not a folder inside the repository",
            reader.at("output"),
            hint="a relative path such as output or rendered/manifests",
        )
        return "output"
    return output


def _read_delivery(reader: Reader) -> tuple[Any, ...]:
    found = []
    for index, name in enumerate(reader.strings("delivery")):
        if name in DELIVERIES:
            found.append(name)
        else:
            reader.problems.error(
                "invalid-value",
                f"delivery[{index}]: '{name}' is none of {', '.join(DELIVERIES)}",
                reader.at("delivery", index),
            )
    return tuple(dict.fromkeys(found))


def _read_registry(reader: Reader) -> Registry:
    reader.only(("name", "kind", "path", "url"))
    if bool(reader.data.get("path")) == bool(reader.data.get("url")):
        reader.problems.error("registry-source", "a registry has exactly one of path or url", reader.here)
    return Registry(
        reader.string("name", required=True),
        reader.here,
        reader.string("path").strip("/"),
        reader.string("url"),
        reader.choice("kind", ("pack", "helm", "oci"), "pack"),
    )
