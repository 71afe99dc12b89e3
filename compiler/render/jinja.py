"""Templates of our own packs: Jinja2 in its immutable sandbox, with nothing in reach but the context.

Undefined names are errors; there is no clock, randomness, environment, network or file but the pack's own templates.
Time and memory are bounded by the worker process that renders (host.workers), not here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from compiler import yamldoc
from compiler.diagnostics import CompileError, Diagnostic, Position, did_you_mean, fail

_MARK = "template:"
MAX_OUTPUT_BYTES = 32 * 1024 * 1024
_REMOVED_GLOBALS = ("lipsum", "cycler", "joiner")
_REMOVED_FILTERS = ("random", "pprint", "xmlattr", "urlize", "filesizeformat", "wordcount")
_LEAKED = re.compile(r"<[\w. ]+ at 0x[0-9a-f]+>|<(?:bound method|function|built-in)|\[Undefined|\bUndefined\]")


def render_templates(
    templates: Mapping[str, str], context: Mapping[str, Any], *, names: Sequence[str], folder: str
) -> dict[str, str]:
    """{path: rendered text} of the templates in `names`; the others can be included, imported and extended.

    Paths are those of `templates`, all below `folder`; inside a template they are relative to it. Raises CompileError
    (`jinja-syntax`, `jinja-undefined`, `jinja-failed`, …) at the template's own file and line.
    """
    root = f"{folder}/"
    environment = _environment(tuple(sorted((path.removeprefix(root), text) for path, text in templates.items())))
    found: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for path in names:
        try:
            found[path] = _render(environment, path, root, context)
        except CompileError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise CompileError(problems)
    return found


class _Environment(ImmutableSandboxedEnvironment):
    """Attribute access on mappings means their keys first, so that `values.items` is the value where there is one."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            if attribute in obj:
                return obj[attribute]
            if attribute not in ("items", "keys", "values", "get"):
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


class _Loader(jinja2.BaseLoader):
    """Templates by name, each with a file name by which tracebacks tell it apart: a mark, then its name."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._templates = templates

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, None]:  # noqa: ARG002
        if template not in self._templates:
            raise jinja2.TemplateNotFound(template)
        return self._templates[template], f"{_MARK}{template}", None

    def list_templates(self) -> list[str]:
        return list(self._templates)


@lru_cache(maxsize=64)
def _environment(templates: tuple[tuple[str, str], ...]) -> _Environment:
    environment = _Environment(
        loader=_Loader(dict(templates)),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # YAML, not HTML
        cache_size=-1,
    )
    for name in _REMOVED_GLOBALS:
        environment.globals.pop(name, None)
    for name in _REMOVED_FILTERS:
        environment.filters.pop(name, None)
    environment.filters.update(FILTERS)
    return environment


def _render(environment: _Environment, path: str, root: str, context: Mapping[str, Any]) -> str:
    try:
        text = environment.get_template(path.removeprefix(root)).render(dict(context))
    except jinja2.TemplateSyntaxError as error:
        at = Position(root + (error.name or path.removeprefix(root)), error.lineno)
        raise fail("jinja-syntax", error.message or "syntax error", at) from None
    except jinja2.TemplateNotFound as error:
        known = did_you_mean(str(error.name), environment.loader.list_templates() if environment.loader else [])
        missing = f"the pack has no template '{error.name}'"
        raise fail("jinja-missing", missing, _place(path, root), hint=known) from None
    except jinja2.UndefinedError as error:
        _undefined(error, path, root, context)
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise fail("jinja-failed", str(error) or type(error).__name__, _place(path, root)) from None
    except (RecursionError, MemoryError) as error:
        raise fail("jinja-limit", f"the template does not end: {type(error).__name__}", _place(path, root)) from None
    if len(text) > MAX_OUTPUT_BYTES:
        raise fail("jinja-limit", f"renders to more than {MAX_OUTPUT_BYTES:,} bytes", Position(path))
    leaked = _LEAKED.search(text)
    if leaked:
        line = text.count("\n", 0, leaked.start()) + 1
        raise fail("jinja-failed", f"output line {line} shows a Python object: {leaked[0]}", Position(path))
    return text


def _undefined(error: jinja2.UndefinedError, path: str, root: str, context: Mapping[str, Any]) -> NoReturn:
    message = str(error.message)
    match = re.search(r"has no attribute '([^']+)'|'([^']+)' is undefined", message)
    name = (match[1] or match[2]) if match else ""
    raise fail("jinja-undefined", message, _place(path, root), hint=_nearest(name, context)) from None


def _nearest(name: str, context: Mapping[str, Any]) -> str:
    keys: set[str] = set()

    def walk(value: Any, depth: int) -> None:
        if isinstance(value, Mapping) and depth < 6:
            for key, item in value.items():
                keys.add(str(key))
                walk(item, depth + 1)

    walk(context, 0)
    return did_you_mean(name, keys) if name and len(keys) > 9 else ""


def _place(path: str, root: str) -> Position:
    """The innermost template line of the exception being handled (Jinja gives compiled code the template's lines)."""
    traceback = sys.exc_info()[2]
    found = Position(path)
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if name.startswith(_MARK):
            found = Position(root + name.removeprefix(_MARK), traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def _required(value: Any, message: str = "a required value is missing") -> Any:
    if value is None or value == "" or isinstance(value, jinja2.Undefined):
        raise jinja2.TemplateRuntimeError(message)
    return value


def _to_yaml(value: Any, indent: int = 0) -> str:
    """Block YAML without the last newline; every line but the first indented by `indent`."""
    return yamldoc.dump(value).rstrip("\n").replace("\n", "\n" + " " * indent)


FILTERS: Mapping[str, Any] = {
    "to_yaml": _to_yaml,
    "to_json": lambda value: json.dumps(value, sort_keys=True, ensure_ascii=False),
    "quote": lambda value: json.dumps(str(value), ensure_ascii=False),
    "b64encode": lambda value: base64.b64encode(str(value).encode()).decode(),
    "sha256": lambda value: hashlib.sha256(str(value).encode()).hexdigest(),
    "required": _required,
}
