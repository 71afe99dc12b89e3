"""Texts that nothing which people read may show: values of sensitive variables, what packs' schemas call passwords, what
manifests of Secrets hold, and credentials in values.

Asked when a problem is shown, of the files themselves, since the problem may be the very reason why there is no plan. So
it is tolerant, and takes too much rather than too little: names that are not quite those of the definitions, values of
another type, files that cannot be parsed.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler import files as tree
from compiler import yamldoc
from compiler.diagnostics import CompileError, Problems
from compiler.kubernetes.credentials import known_form, looks_like_one, may_hold_one
from compiler.load.repository import PACKS, PROFILES
from compiler.load.settings import PATH as SETTINGS
from compiler.load.settings import read_settings_file
from compiler.palette.paths import MISSING, expand
from compiler.ports import Files

_USER = re.compile(r"[a-z]://([^/@\s]+)@")
_PASSWORD = "${password"  # noqa: S105  the beginning of a format
_SENSITIVE = re.compile(rb"(?i)s[en]{1,2}[sita]{2,5}v")  # `sensitive`, however it is spelt
_UNREADABLE = (CompileError, OSError, ValueError)
_DEFAULTS = ("default", "defaultValue")
_SHORTEST = 3  # shorter texts would blot out every line
_SHORTEST_IN_SECRETS = 8  # what Secrets hold is often a word, a port, a host


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    documents: tuple[Mapping[str, Any], ...] | None  # None: it cannot be parsed


def secret_texts(files: Files, packs: Iterable[str] = ()) -> frozenset[str]:
    """The secret texts in the repository, as they are in the values. `packs` are directories of packs beside those of the
    repository. Never raises for what is in it."""
    roots = _pack_roots(files, packs)
    contents = dict(_contents(files, PROFILES))
    schemas = _password_schemas(files, roots)
    passwords = {path for schema in schemas.values() for path in schema}
    hidden = any(map(_SENSITIVE.search, contents.values()))
    read = [
        _read(path, content)
        for path, content in contents.items()
        if passwords or hidden or b"Secret" in content or may_hold_one(content.decode("latin-1"))
    ]
    texts = set(_passwords_of_addresses(files))
    texts.update(secrets_of(read_file.documents or () for read_file in read))
    names = _names(document for each in read for document in each.documents or ())
    for each in read:
        if each.documents is None:
            texts.update(_after_names(each.content, {*names, *(path.rpartition(".")[2] for path in passwords)}))
        for document in each.documents or ():
            for values in _mappings(document):
                texts.update(text for path in passwords for text in _at_path(values, path))
    for values in _pack_values(files, {*schemas, *packs}):
        texts.update(text for path in passwords for text in _at_path(values, path))
        texts.update(text for key, text in _strings(values) if known_form(text) or looks_like_one(key, text))
    return frozenset(text for text in texts if len(text) >= _SHORTEST)


def secret_texts_of(content: bytes, path: str) -> frozenset[str]:
    """Those of one file, which may be anywhere. Never raises for what is in it."""
    read = _read(path, content)
    texts = _after_names(content, set()) if read.documents is None else secrets_of([read.documents])
    return frozenset(text for text in texts if len(text) >= _SHORTEST)


def secrets_of(files: Iterable[Iterable[Mapping[str, Any]]]) -> Iterator[str]:
    """What documents of ours and manifests hold that is secret by itself."""
    documents = [document for each in files for document in each]
    names, known = _names(documents), _defined(documents)
    for document in documents:
        yield from _values_of_variables(document, names, known)
        for node in _nodes(document):
            for key, value in node.items():
                if key in names:
                    yield from _scalars(value)
            if node.get("kind") == "Secret":
                yield from (text for text in _of_secret(node) if len(text) >= _SHORTEST_IN_SECRETS)
        yield from (text for _, text in _strings(document) if known_form(text))


def _pack_roots(files: Files, packs: Iterable[str]) -> list[str]:
    try:
        settings = read_settings_file(files, Problems())
    except _UNREADABLE:
        return [PACKS, *packs]
    return [PACKS, *(registry.path for registry in settings.registries if registry.path), *packs]


def _contents(files: Files, root: str) -> Iterator[tuple[str, bytes]]:
    """Every YAML file below it."""
    try:
        paths = [path for path in tree.walk(files, root) if path.endswith((".yaml", ".yml", ".json"))]
    except _UNREADABLE:
        return
    for path in paths:
        try:
            yield path, tree.read(files, path)
        except _UNREADABLE:
            continue


def _read(path: str, content: bytes) -> _File:
    try:
        documents = yamldoc.load(content, path, positions=False, duplicates="warn")
    except _UNREADABLE:
        return _File(content, None)
    return _File(content, tuple(document.value for document in documents if isinstance(document.value, dict)))


def _passwords_of_addresses(files: Files) -> Iterator[str]:
    """What is between the scheme and the host of an address in lamella.yaml: refused there, and not repeated."""
    try:
        text = tree.read_text(files, SETTINGS)
    except _UNREADABLE:
        return
    for user in _USER.findall(text):
        yield user
        yield user.partition(":")[2]


def _variables(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Definitions of variables: in a profile, or in what Palette exports."""
    for at in (_at(document, "spec", "variables"), document.get("variables")):
        yield from (variable for variable in _list(at) if isinstance(variable, dict))


def _is_sensitive(variable: Mapping[str, Any]) -> bool:
    """Whether it is marked so, also by a name of the mark that is misspelt."""
    return any(
        value not in (None, False, "", "false", "no")
        and difflib.SequenceMatcher(None, str(key).lower().removeprefix("is"), "sensitive").ratio() > 0.75
        for key, value in variable.items()
    )


def _names(documents: Iterable[Mapping[str, Any]]) -> set[str]:
    """The names of sensitive variables."""
    variables = (variable for document in documents for variable in _variables(document))
    return {str(variable["name"]) for variable in variables if variable.get("name") and _is_sensitive(variable)}


def _defined(documents: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(variable.get("name")) for document in documents for variable in _variables(document)}


def _values_of_variables(document: Mapping[str, Any], names: set[str], known: set[str]) -> Iterator[str]:
    """Defaults and options in definitions; values where profiles are used. A name that nothing defines may be meant for a
    sensitive variable, if there is any."""
    for variable in _variables(document):
        if variable.get("name") in names or _is_sensitive(variable):
            yield from (text for key in _DEFAULTS for text in _scalars(variable.get(key)))
            for option in _list(variable.get("options")):
                yield from _scalars(option.get("value") if isinstance(option, dict) else option)
    for reference in _list(_at(document, "spec", "profiles")):
        given = _at(reference, "variables")
        if isinstance(given, dict) and names:
            yield from (
                t for name, value in given.items() if name in names or name not in known for t in _scalars(value)
            )
        for item in _list(given) if names else ():  # as Palette has them, not as they are here
            yield from _scalars({k: v for k, v in item.items() if k != "name"} if isinstance(item, dict) else item)


def _of_secret(body: Mapping[str, Any]) -> Iterator[str]:
    """The values of a Secret in clear, decoded too."""
    yield from _scalars(body.get("stringData"))
    for text in _scalars(body.get("data")):
        yield text
        try:
            yield base64.b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            continue


def _after_names(content: bytes, names: set[str]) -> Iterator[str]:
    """What comes after a name in a text that is not YAML: up to the end of the line, and up to what may end it before."""
    text = content.decode("utf-8", "replace")
    for name in sorted({*filter(None, names), *_DEFAULTS} if _SENSITIVE.search(content) else filter(None, names)):
        for rest in re.findall(rf"{re.escape(name)}[\"']?\s*:[ \t]*(.+)", text):
            short = re.split(r"[,}\]]|\s#", rest)[0]
            yield from (form.strip().strip("\"'") for form in (rest, short, short.partition(": ")[0]))


def _mappings(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What may be values of a layer: a values file as a whole, and the values of each layer of a document of ours."""
    layers = _at(document, "spec", "layers")
    values = [_at(layer, "values") for layer in (layers.values() if isinstance(layers, dict) else _list(layers))]
    yield from (mapping for mapping in (document, *values) if isinstance(mapping, dict))


def _at_path(values: Mapping[str, Any], path: str) -> Iterator[str]:
    """The texts at a path, and at keys beside it that are misspelt; also where the chart's name is not in the values."""
    within = re.sub(r"^charts\.[^.]+\.", "", path)
    for each in dict.fromkeys((path, within)):
        for _, value in expand(values, each):
            if value is not MISSING:
                yield from _scalars(value)
        parent, _, last = each.rpartition(".")
        for _, around in expand(values, parent) if parent else [((), values)]:
            if isinstance(around, dict):
                for key in difflib.get_close_matches(
                    last, [key for key in around if isinstance(key, str)], cutoff=0.75
                ):
                    yield from _scalars(around[key])


def _password_schemas(files: Files, roots: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Paths of values that the schema of a pack gives the format of a password, by the pack's directory."""
    schemas: dict[str, tuple[str, ...]] = {}
    for path in sorted({path for root in roots for path in _globbed(files, f"{root}/**/schema.yaml")}):
        try:
            content = tree.read(files, path)
            rules = yamldoc.load_one(content, path, duplicates="warn").value if _PASSWORD.encode() in content else {}
        except _UNREADABLE:
            continue
        if isinstance(rules, dict):
            schemas[path.rpartition("/")[0]] = tuple(str(at) for at, rule in rules.items() if _PASSWORD in str(rule))
    return {directory: paths for directory, paths in schemas.items() if paths}


def _globbed(files: Files, pattern: str) -> Iterable[str]:
    try:
        return tree.glob(files, pattern)
    except _UNREADABLE:
        return ()


def _pack_values(files: Files, directories: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """The values of packs."""
    for directory in sorted(directories):
        for path in _globbed(files, f"{directory}/**/values.yaml"):
            try:
                documents = yamldoc.load(tree.read(files, path), path, positions=False, duplicates="warn")
            except _UNREADABLE:
                continue
            yield from (document.value for document in documents if isinstance(document.value, dict))


def _nodes(value: Any) -> Iterator[Mapping[Any, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else _list(value):
        yield from _nodes(item)


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """The strings in it, each with the key that it is at."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(item, str(name))
    else:
        for item in _list(value):
            yield from _strings(item, key)


def _scalars(value: Any) -> Iterator[str]:
    """The texts of all scalars in it."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _scalars(item)
    elif text := yamldoc.text_of(value):
        yield text


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
