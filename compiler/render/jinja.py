"""Templates of our own packs: Jinja2 in a sandbox, with nothing in reach but the context and the pack's own templates.

Undefined names are errors. There is no clock, randomness, environment, network or file. Time and memory are bounded by
the worker process that renders (`host.workers`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, did_you_mean
from compiler.render.sandbox import MAX_OUTPUT_BYTES, LimitError, MissingKeyError, Sandbox, allowed_filters, as_json
from compiler.versions import Constraint, Version

_ADDRESS = re.compile(r"<[^<>\n]* at 0x[0-9a-fA-F]+>")
_UNDEFINED_NAME = re.compile(r"'([^']+)' is undefined")
_MOST_INCLUDES_TOLD = 5


def render_templates(
    templates: Mapping[str, str], context: Mapping[str, Any], *, names: Sequence[str]
) -> dict[str, str]:
    """{path: rendered text} of the templates in `names`; the others can be included, imported and extended.

    Paths are those of `templates`. Inside a template another one goes by the end of its path (`_labels.j2`,
    `lib/_labels.j2`); of several the one with the shortest path is meant. Raises CompileError with the problems of all
    templates, each at its own file and line: jinja-syntax, jinja-missing (no such template), jinja-undefined (with the
    nearest name that is there), jinja-unsafe (out of the sandbox), jinja-limit (too much), jinja-failed (the rest).
    """
    rendered: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for path in names:
        try:
            rendered[path] = _render(templates, path, context)
        except (jinja2.TemplateError, SyntaxError, *_PYTHON_ERRORS) as error:
            problems.append(_diagnostic(error, path, templates, context))
    if problems:
        raise CompileError(problems)
    return rendered


_PYTHON_ERRORS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError, CompileError,
)  # fmt: skip
"""What operators, filters and methods raise about their operands."""


def _render(templates: Mapping[str, str], path: str, context: Mapping[str, Any]) -> str:
    """An environment of its own for each: imported templates keep state, which no other render may see."""
    environment = Sandbox(_Loader(templates), _filters())
    size, parts = 0, []
    for part in environment.get_template(path).generate(dict(context)):
        size += len(part) if part.isascii() else len(part.encode("utf-8", "surrogatepass"))
        if size > MAX_OUTPUT_BYTES:
            raise LimitError(f"it prints more than {MAX_OUTPUT_BYTES:,} bytes")
        parts.append(part)
    text = "".join(parts)
    if leaked := _ADDRESS.search(text):
        line = text.count("\n", 0, leaked.start()) + 1
        raise SecurityError(f"line {line} of the output shows {leaked[0].partition(' at 0x')[0]}>")
    return text


class _Loader(jinja2.BaseLoader):
    """Finds templates in the mapping only. Code is compiled once a process; template objects are never shared."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._templates = templates

    def load(
        self,
        environment: jinja2.Environment,
        name: str,
        globals: Any = None,  # noqa: A002 - Jinja2's name
    ) -> jinja2.Template:
        path = self._path(name)
        if path is None:
            raise jinja2.TemplateNotFound(name)
        code = _compiled(path, self._templates[path])
        return environment.template_class.from_code(environment, code, dict(globals or {}))

    def _path(self, name: str) -> str | None:
        """The path that a name means. Names are compared, never resolved: `..` and absolute paths are in no pack."""
        if name in self._templates:
            return name
        matches = [path for path in self._templates if path.endswith(f"/{name}")]
        return min(matches, key=lambda path: (path.count("/"), path), default=None)


@lru_cache(maxsize=512)
def _compiled(path: str, source: str) -> CodeType:
    """The file name of the code is the template's path, which makes it known in tracebacks."""
    return _compiler().compile(source, path, path)


@lru_cache(maxsize=1)
def _compiler() -> Sandbox:
    return Sandbox(None, _filters())


@lru_cache(maxsize=1)
def _filters() -> dict[str, Callable[..., Any]]:
    return allowed_filters(FILTERS)


def _diagnostic(
    error: BaseException, path: str, templates: Mapping[str, str], context: Mapping[str, Any]
) -> Diagnostic:
    places = _places(error.__traceback__, templates) or [Position(path)]
    at, *outer = reversed(places)
    code, message, hint = Code.JINJA_FAILED, _first_line(str(error)) or type(error).__name__, ""
    match error:
        case jinja2.TemplateSyntaxError():
            at = Position(error.filename or path, error.lineno)
            code = Code.JINJA_SYNTAX
        case jinja2.TemplateNotFound():
            code, message = Code.JINJA_MISSING, f"the pack has no template '{error.name}'"
            hint = did_you_mean(str(error.name), [other.rpartition("/")[2] for other in templates])
        case MissingKeyError():
            code, hint = Code.JINJA_UNDEFINED, did_you_mean(error.name, error.known)
        case jinja2.UndefinedError():
            name = _UNDEFINED_NAME.search(message)
            code, hint = Code.JINJA_UNDEFINED, did_you_mean(name[1], context) if name else ""
        case SecurityError():
            code = Code.JINJA_UNSAFE
        case LimitError() | OverflowError():
            code = Code.JINJA_LIMIT
        case RecursionError() | SyntaxError():  # Python's own limits on nesting, when the template's code is compiled
            code, message = (
                Code.JINJA_LIMIT,
                "the template is nested too deeply, or includes or calls itself without end",
            )
        case MemoryError():
            code, message = Code.JINJA_LIMIT, "the template needs more memory than there is"
        case CompileError():
            message = error.diagnostics[0].message
    return Diagnostic(code, message, at, hint, tuple((place, "reached from here") for place in outer))


def _places(traceback: TracebackType | None, templates: Mapping[str, str]) -> list[Position]:
    """Where in the templates the error came by, outermost first: their frames, which Jinja2 gives their own lines."""
    places: dict[Position, None] = {}
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if filename in templates:
            place = Position(filename, traceback.tb_lineno)
            places.pop(place, None)
            places[place] = None
        traceback = traceback.tb_next
    return list(places)[-_MOST_INCLUDES_TOLD:]


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:500]


def _required(value: Any, message: str = "a required value is missing") -> Any:
    if isinstance(value, jinja2.Undefined) or value is None or value == "":
        raise jinja2.TemplateRuntimeError(message)
    return value


def _to_yaml(value: Any, indent: int = 0) -> str:
    """Block YAML without the last newline; every line but the first indented by `indent`."""
    data = json.loads(as_json(value))
    return yamldoc.dump(data).rstrip("\n").replace("\n", "\n" + " " * indent)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else as_json(value)


def _semver(version: str, constraint: str) -> bool:
    """Whether the version is in the range; as Helm's semverCompare, operands the other way round for a pipe."""
    return Constraint.parse(constraint).allows(Version.lenient(version))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "to_yaml": _to_yaml,
    "to_json": as_json,
    "quote": lambda value: as_json(_text(value)),
    "b64encode": lambda value: base64.b64encode(_text(value).encode()).decode(),
    "b64decode": lambda value: base64.b64decode(_text(value), validate=True).decode(),
    "sha256": lambda value: hashlib.sha256(_text(value).encode()).hexdigest(),
    "required": _required,
    "semver": _semver,
}
"""Filters of our own (docs/packs.md)."""
