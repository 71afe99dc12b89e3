"""Texts that no excerpt of a file may show: values of sensitive variables, and what packs' schemas call passwords.

Asked when a problem is shown, of the files themselves, since the problem may be the very reason why there is no plan. So
it is tolerant: a document that cannot be read holds nothing that can be known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from compiler import files as tree
from compiler import yamldoc
from compiler.diagnostics import CompileError, Problems
from compiler.load.repository import PACKS, PROFILES
from compiler.load.settings import PATH as SETTINGS
from compiler.load.settings import read_settings_file
from compiler.palette.paths import expand
from compiler.ports import Files

_USER = re.compile(r"[a-z]://([^/@\s]+)@")
_PASSWORD = b"${password"
_SHORTEST = 3  # shorter texts would blot out every line


def secret_texts(files: Files) -> frozenset[str]:
    """The texts in the repository that are secret, as they are written in the values. Never raises for what is in it."""
    documents = list(_documents(files))
    sensitive = {name for document in documents for name in _sensitive_names(document)}
    passwords = _password_paths(files)
    texts: set[str] = set(_passwords_of_addresses(files))
    for document in documents:
        texts |= set(_values_of_variables(document, sensitive))
        for values in _mappings(document):
            texts |= {text for path in passwords for _, value in expand(values, path) for text in _text(value)}
    return frozenset(form for text in texts for form in _forms(text) if len(form) >= _SHORTEST)


def _forms(text: str) -> Iterator[str]:
    """How the text may be written in a line of a file: as it is, line by line, escaped in quotes of either kind."""
    for line in text.splitlines():
        yield from (line.strip(), line.strip().replace("'", "''"))
    yield from (json.dumps(text, ensure_ascii=pure)[1:-1] for pure in (True, False))


def _passwords_of_addresses(files: Files) -> Iterator[str]:
    """What is between the scheme and the host of an address in lamella.yaml: refused there, and not repeated."""
    try:
        text = tree.read_text(files, SETTINGS)
    except CompileError:
        return
    for user in _USER.findall(text):
        yield user
        yield user.partition(":")[2]


def _documents(files: Files) -> Iterator[Mapping[str, Any]]:
    """Every YAML mapping below profiles/, values files too."""
    try:
        paths = tree.walk(files, PROFILES)
    except CompileError:
        return
    for path in paths:
        if path.endswith((".yaml", ".yml")):
            try:
                documents = yamldoc.load(tree.read(files, path), path, positions=False, duplicates="warn")
            except CompileError:
                continue
            yield from (document.value for document in documents if isinstance(document.value, dict))


def _sensitive_names(document: Mapping[str, Any]) -> Iterator[str]:
    for variable in _list(_at(document, "spec", "variables")):
        if isinstance(variable, dict) and (variable.get("sensitive") or variable.get("isSensitive")):
            yield str(variable.get("name", ""))


def _values_of_variables(document: Mapping[str, Any], names: set[str]) -> Iterator[str]:
    """Defaults in definitions, values where profiles are used."""
    for variable in _list(_at(document, "spec", "variables")):
        if isinstance(variable, dict) and variable.get("name") in names:
            yield from (text for key in ("default", "defaultValue") for text in _text(variable.get(key)))
    for reference in _list(_at(document, "spec", "profiles")):
        given = _at(reference, "variables")
        if isinstance(given, dict):
            yield from (text for name, value in given.items() if name in names for text in _text(value))


def _mappings(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What may be values of a layer: a values file as a whole, and the values of each layer of a document of ours."""
    layers = _at(document, "spec", "layers")
    values = [_at(layer, "values") for layer in (layers.values() if isinstance(layers, dict) else _list(layers))]
    yield from (mapping for mapping in (document, *values) if isinstance(mapping, dict))


def _password_paths(files: Files) -> frozenset[str]:
    """Paths of values that the schema of any pack gives the format of a password."""
    try:
        settings = read_settings_file(files, Problems())
        roots = [PACKS, *(registry.path for registry in settings.registries if registry.path)]
        schemas = {path for root in roots for path in tree.glob(files, f"{root}/**/schema.yaml")}
        texts = {path: content for path in schemas if _PASSWORD in (content := tree.read(files, path))}
        rules = [yamldoc.load_one(content, path, duplicates="warn").value for path, content in texts.items()]
    except CompileError:
        return frozenset()
    return frozenset(path for schema in rules if isinstance(schema, dict) for path in schema)


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> tuple[str, ...]:
    text = yamldoc.text_of(value)
    return (text,) if text else ()
