"""Jinja2's immutable sandbox, restricted further: templates can reach and print data only.

Jinja2 keeps templates from Python's internals. This module makes output depend on the
template and its context alone: methods can be called but not printed (their text holds an address), filters return
lists rather than generators, random filters and those for HTML are removed, and single operations that turn little
input into gigabytes are refused. The worker process bounds time and memory (`host.workers`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial, wraps
from typing import Any, NoReturn

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.runtime import Context, Macro
from jinja2.sandbox import MAX_RANGE, ImmutableSandboxedEnvironment

MAX_OUTPUT_BYTES = 32 * 1024 * 1024
_MAX_NUMBER_BITS = 100_000
_MAX_WIDTH = 1_000_000
_ONE_BY_ONE: tuple[type, ...] = (Iterator, type({}.keys()), type({}.values()), type({}.items()))
_MAPPING_METHODS = ("items", "keys", "values", "get")
_NOT_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")  # or a line break in YAML 1.1
_HUGE_FORMAT = re.compile(r"\d{7,}|%[^a-zA-Z%]*\*")
_GONE = (
    "random", "pprint", "filesizeformat", "wordcount", "attr",
    "e", "escape", "forceescape", "safe", "striptags", "urlize", "xmlattr",
)  # fmt: skip


class LimitError(jinja2.TemplateRuntimeError):
    """The template asks for more than any manifest needs."""


class MissingKeyError(jinja2.UndefinedError):
    """A mapping has no key `name`; `known` are the keys that it has."""

    def __init__(self, message: str | None = None, name: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.known = known


class _Undefined(jinja2.StrictUndefined):
    """Fails wherever it is used, also inside a printed list."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class _Method:
    """A method in a template's hands: it can be called, and nothing else."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __repr__(self) -> str:
        return f"<method {getattr(self._function, '__name__', '')}>"


def allowed_filters(own: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Jinja2's filters without those that are random or made for HTML, and `own`; all take and give data only."""
    filters = {**DEFAULT_FILTERS, "tojson": as_json, **own}
    return {name: _guarded(name, function) for name, function in filters.items() if name not in _GONE}


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment with these filters and no others."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, loader: jinja2.BaseLoader | None, filters: dict[str, Callable[..., Any]]) -> None:
        super().__init__(
            loader=loader,
            undefined=_Undefined,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
            finalize=printed,
            cache_size=-1,
        )
        self.globals = {"dict": dict, "namespace": self.globals["namespace"], "range": _Method(_range)}
        self.filters = filters

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Keys of mappings come first: `values.items` is the value where there is one, else the method."""
        if isinstance(obj, Mapping):
            if attribute in obj:
                return obj[attribute]
            if attribute not in _MAPPING_METHODS:
                return self._missing(obj, attribute)
        return self._inert(super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            try:
                return obj[argument]
            except (KeyError, TypeError):
                return self._missing(obj, str(argument))
        return self._inert(super().getitem(obj, argument))

    def _missing(self, obj: Mapping[Any, Any], name: str) -> jinja2.Undefined:
        if name.startswith("__"):
            return self.unsafe_undefined(obj, name)
        error = partial(MissingKeyError, name=name, known=tuple(map(str, obj)))
        return self.undefined(f"no key '{name}'", obj, name, error)  # type: ignore[arg-type]

    def _inert(self, value: Any) -> Any:
        if callable(value) and not isinstance(value, jinja2.Undefined | Macro):
            return _Method(value)
        return value

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        function = __obj._function if isinstance(__obj, _Method) else __obj
        _check_call(function, args)
        return _as_data(super().call(__context, function, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            _check_format(left)
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            _check_size(left.bit_length() * right, _MAX_NUMBER_BITS, "a number")
        elif operator == "*" and isinstance(left, int) and isinstance(right, int):
            _check_size(left.bit_length() + right.bit_length(), _MAX_NUMBER_BITS, "a number")
        elif operator == "*":
            sizes = [value if isinstance(value, int) else len(value) for value in (left, right) if not _is_float(value)]
            _check_size(sizes[0] * sizes[-1] if len(sizes) == 2 else 0, MAX_OUTPUT_BYTES, "a text or list")
        return super().call_binop(context, operator, left, right)


def printed(value: Any) -> Any:
    """What `{{ value }}` prints: text as it is, other data as JSON, which is YAML too. Anything else is refused."""
    if isinstance(value, str):
        return value
    if isinstance(value, jinja2.Undefined):
        return str(value)  # raises
    return as_json(value)


def as_json(value: Any) -> str:
    """JSON on one line, keys sorted. Raises TemplateRuntimeError on a value that is not data."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, default=_no_data)
    return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _no_data(value: Any) -> NoReturn:
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises
    raise jinja2.TemplateRuntimeError(f"{_kind(value)} is no text, number, list or mapping and cannot be printed")


def _kind(value: Any) -> str:
    if isinstance(value, _Method | Macro) or callable(value):
        return "a function without its ()"
    return f"a {type(value).__name__}"


def _range(*args: int) -> range:
    numbers = range(*args)
    _check_size(len(numbers), MAX_RANGE, "a range")
    return numbers


def _is_float(value: Any) -> bool:
    return isinstance(value, float) or not (isinstance(value, int) or hasattr(value, "__len__"))


def _check_size(size: int, most: int, what: str) -> None:
    if size > most:
        raise LimitError(
            f"{what} of size {size:,} where at most {most:,} is allowed" if size < 10**18 else f"{what} too large"
        )


def _check_format(text: str) -> None:
    if _HUGE_FORMAT.search(text):
        raise LimitError("a format with a width of more than six digits")


def _check_call(function: Any, args: tuple[Any, ...]) -> None:
    """Methods of text that blow it up."""
    function = getattr(function, "__wrapped__", function)  # Jinja2's safe `format`
    text = getattr(function, "__self__", None)
    if not isinstance(text, str):
        return
    name = function.__name__
    if name in ("format", "format_map"):
        _check_format(text)
        _no_methods(name, args)
    elif name == "replace" and len(args) > 1:
        _check_size(len(text) + text.count(str(args[0])) * len(str(args[1])), MAX_OUTPUT_BYTES, "a text")
    elif name == "join" and args and hasattr(args[0], "__len__"):
        _check_size(len(text) * len(args[0]), MAX_OUTPUT_BYTES, "a text")
    _check_width(args)


def _check_width(args: tuple[Any, ...]) -> None:
    for argument in args:
        if isinstance(argument, int):
            _check_size(abs(argument), _MAX_WIDTH, "a width")


def _no_methods(what: str, args: tuple[Any, ...]) -> None:
    if any(isinstance(argument, _Method) for argument in args):
        raise SecurityError(f"'{what}' is given a function without its ()")


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, on data only and giving data."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        _no_methods(name, args)
        if name in ("center", "indent", "wordwrap", "batch", "slice", "to_yaml"):
            _check_width((*args[1:], *kwargs.values()))
        elif name == "format" and isinstance(args[0], str):
            _check_format(args[0])
        elif name == "replace" and len(args) > 3:
            _check_size(str(args[1]).count(str(args[2])) * len(str(args[3])), MAX_OUTPUT_BYTES, "a text")
        return _as_data(function(*args, **kwargs))

    return call


def _as_data(value: Any) -> Any:
    items: Any = value
    return list(items) if isinstance(value, _ONE_BY_ONE) else value
