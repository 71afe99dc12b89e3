"""Documents from libyaml's events, under go-yaml's rules.

libyaml is driven event by event and never builds a tree itself, so nesting costs no C stack and every limit acts
before memory is spent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, fail
from compiler.yamldoc.conflicts import conflict_in, marker_in
from compiler.yamldoc.document import Document, Place
from compiler.yamldoc.encoding import forbidden
from compiler.yamldoc.events import events
from compiler.yamldoc.limits import MAX_ALIAS_BYTES, MAX_DEPTH, MAX_NODES, MAX_PROBLEMS
from compiler.yamldoc.macros import Mask, mask
from compiler.yamldoc.scalars import as_json, key_text, resolve, short_tag, shown, tagged

Duplicates = Literal["refuse", "warn"]
_COLLECTION_TAGS = {"map": (None, "!", "tag:yaml.org,2002:map"), "list": (None, "!", "tag:yaml.org,2002:seq")}

_INDENTATION = re.compile(r"(?:[ \t]*\r?\n)*( *)")


class _Anchor:
    """The value of an anchor (open until its node ends), and how much text and how many nodes an alias of it adds."""

    __slots__ = ("complete", "inner", "mark", "nodes", "size", "value")

    def __init__(self, mark: Any, nodes: int, size: int) -> None:
        self.mark, self.nodes, self.size, self.complete = mark, nodes, size, False
        self.value: Any = None
        self.inner: Any = None


class EventReader:
    """Reads the documents of one text. Problems that leave the rest readable are collected and raised together."""

    def __init__(self, text: str, path: str, *, first_line: int, positions: bool, duplicates: Duplicates) -> None:
        self._source = text
        self._mask: Mask | None = mask(text, path)
        self._text = self._mask.text if self._mask else text
        self._path, self._first_line = path, first_line
        self._positions, self._tolerant = positions, duplicates == "warn"
        self._problems = Problems()
        self._duplicates: list[Diagnostic] = []
        self._anchors: dict[str, _Anchor] = {}
        self._nodes = self._size = 0

    def documents(self) -> Iterator[Document]:
        if conflict := conflict_in(self._source, self._path, self._first_line):
            raise conflict
        try:
            self._next = events(self._text)
            documents = list(self._stream())
        except (yaml.reader.ReaderError, UnicodeEncodeError):
            raise forbidden(self._text, self._path, self._first_line) from None
        except yaml.MarkedYAMLError as error:
            raise marker_in(self._source, self._path, self._first_line) or self._syntax(error) from None
        self._problems.raise_if_any()
        yield from documents

    def _stream(self) -> Iterator[Document]:
        while True:
            event = self._next()
            kind = type(event)
            if kind is StreamEndEvent:
                return
            if kind is StreamStartEvent or kind is DocumentStartEvent or kind is DocumentEndEvent:
                continue
            self._anchors, self._nodes, self._size, self._duplicates = {}, 0, 0, []
            start = event.start_mark
            value, inner = self._node(event, 0)
            if value is None and inner is None and type(event) is ScalarEvent and not event.value:
                continue
            place = self._at(start)
            root = Place(place.line, place.column, inner) if self._positions else None
            yield Document(value, self._path, place.line, tuple(self._duplicates), root)

    def _at(self, mark: Any) -> Position:
        line = self._mask.line(mark.line) if self._mask else mark.line
        return Position(self._path, line + self._first_line, mark.column + 1)

    def _place(self, mark: Any, inner: Any) -> Place:
        line = self._mask.line(mark.line) if self._mask else mark.line
        return Place(line + self._first_line, mark.column + 1, inner)

    def _syntax(self, error: yaml.MarkedYAMLError) -> CompileError:
        problem, hint = str(error.problem), ""
        mark = error.problem_mark or error.context_mark
        if "tab character" in problem or (mark and self._text[mark.index : mark.index + 1] == "\t"):
            hint = "indent with spaces; YAML does not allow tabs"
        elif "document start" in problem:
            hint = "add '---' before content that follows '...'"
        elif "mapping values are not allowed" in problem:
            hint = "quote a value that contains ': ', or check the indentation"
        elif "cannot start any token" in problem:
            hint = "quote the value; it starts with a character that YAML reserves"
        if error.context:
            problem = f"{error.context}: {problem}"
        return fail(Code.YAML_SYNTAX, problem, self._at(mark) if mark else Position(self._path), hint=hint)

    def _node(self, event: Any, depth: int) -> tuple[Any, Any]:
        """The value of the node that starts with the event, and the places inside it."""
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._excess(event, f"more than {MAX_NODES:,} values in one document")
        anchor = None
        if event.anchor is not None:
            anchor = self._anchors[event.anchor] = _Anchor(event.start_mark, self._nodes - 1, self._size)
        inner: Any = None
        if kind is ScalarEvent:
            value = self._scalar(event)
            if self._positions and event.style == "|":
                inner = self._block(event.start_mark)
        elif depth >= MAX_DEPTH:
            raise fail(Code.YAML_TOO_DEEP, f"more than {MAX_DEPTH} levels of nesting", self._at(event.start_mark))
        elif kind is MappingStartEvent:
            value, inner = self._mapping(event, depth + 1)
        else:
            value, inner = self._sequence(event, depth + 1)
        if anchor is not None:
            anchor.value, anchor.inner, anchor.complete = value, inner, True
            anchor.nodes, anchor.size = self._nodes - anchor.nodes, self._size - anchor.size
        return value, inner

    def _block(self, mark: Any) -> Place:
        """Where the text of a literal block begins: on the line below its mark, at the indentation of the first line
        that is not empty. (Where that line begins with spaces of its own, an indicator gives the indentation: rare.)"""
        start = self._text.find("\n", mark.index) + 1
        column = len(_INDENTATION.match(self._text, start)[1])  # type: ignore[index]  # it matches anywhere
        return self._place(mark, None)._replace(column=column + 1, line=self._place(mark, None).line + 1)

    def _excess(self, event: Any, what: str) -> CompileError:
        return fail(Code.YAML_TOO_MANY_VALUES, what, self._at(event.start_mark))

    def _alias(self, event: Any) -> tuple[Any, Any]:
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            raise fail(
                Code.YAML_ALIAS, f"no anchor &{shown(event.anchor)} before this alias", self._at(event.start_mark)
            )
        if not anchor.complete:
            raise fail(Code.YAML_ALIAS, f"anchor &{shown(event.anchor)} contains itself", self._at(event.start_mark))
        self._nodes += anchor.nodes
        self._size += anchor.size
        if self._nodes > MAX_NODES:
            raise self._excess(event, f"aliases expand this document to more than {MAX_NODES:,} values")
        if self._size > MAX_ALIAS_BYTES:
            raise self._excess(event, f"aliases expand this document to more than {MAX_ALIAS_BYTES:,} characters")
        return _copy(anchor.value), anchor.inner

    def _scalar(self, event: Any) -> Any:
        value = self._raw(event)
        if type(value) is float:
            try:
                return as_json(value)
            except CompileError as error:
                self._refuse(Code.YAML_NUMBER, error.diagnostics[0].message, event, error.diagnostics[0].hint)
                return None
        return value

    def _raw(self, event: Any) -> Any:
        """The scalar before JSON's rules for numbers are applied."""
        text = event.value
        self._size += len(text)
        if self._mask:
            text = self._mask.restore(text, event.style or "", _unescape)
        tag = event.tag
        if tag is None:
            return resolve(text) if event.implicit[0] and type(text) is str else text
        try:
            return tagged(tag, str(text))
        except ValueError as error:
            self._refuse(
                Code.YAML_TAG, str(error), event, "use only !!str, !!int, !!float, !!bool, !!null and !!binary"
            )
            return None

    def _refuse(self, code: Code, message: str, event: Any, hint: str = "") -> None:
        self._add(Diagnostic(code, message, self._at(event.start_mark), hint))

    def _add(self, problem: Diagnostic) -> None:
        self._problems.diagnostics.append(problem)
        if len(self._problems.diagnostics) >= MAX_PROBLEMS:
            self._problems.raise_if_any()

    def _collection_tag(self, event: Any, kind: str) -> None:
        if event.tag is not None and event.tag not in _COLLECTION_TAGS[kind]:
            self._refuse(Code.YAML_TAG, f"unknown tag {short_tag(event.tag)} for a {kind}", event)

    def _sequence(self, event: Any, depth: int) -> tuple[list[Any], list[Place] | None]:
        self._collection_tag(event, "list")
        values: list[Any] = []
        places: list[Place] | None = [] if self._positions else None
        while type(item := self._next()) is not SequenceEndEvent:
            value, inner = self._node(item, depth)
            values.append(value)
            if places is not None:
                places.append(self._place(item.start_mark, inner))
        return values, places

    def _mapping(self, event: Any, depth: int) -> tuple[dict[str, Any], dict[str, Place] | None]:
        self._collection_tag(event, "map")
        values: dict[str, Any] = {}
        places: dict[str, Place] | None = {} if self._positions else None
        marks: dict[str, Any] = {}
        while type(item := self._next()) is not MappingEndEvent:
            if _is_merge(item):
                self._merge(values, places, depth)
                continue
            key = self._key(item, depth)
            if key in marks:
                self._duplicate(key, item.start_mark, marks[key])
            marks[key] = item.start_mark
            value, inner = self._node(self._next(), depth)
            values[key] = value
            if places is not None:
                places[key] = self._place(item.start_mark, inner)
        return values, places

    def _key(self, event: Any, depth: int) -> str:
        if type(event) is ScalarEvent and event.anchor is None:
            self._nodes += 1
            raw = self._raw(event)
        else:
            raw, _ = self._node(event, depth)
        text = None if isinstance(raw, (dict, list)) else key_text(raw)
        if text is None:
            shown = {dict: "a map", list: "a list", type(None): "null"}.get(type(raw), str(raw))
            self._refuse(Code.YAML_KEY, f"{shown} cannot be a key", event, "quote the key")
            return ""
        return text

    def _duplicate(self, key: str, mark: Any, first: Any) -> None:
        at, before = self._at(mark), self._at(first)
        message = f"key {shown(key)!r} is defined twice, first on line {before.line}"
        severity: Literal["error", "warning"] = "warning" if self._tolerant else "error"
        duplicate = Diagnostic(Code.YAML_DUPLICATE_KEY, message, at, "keep one", ((before, "first"),), severity)
        if not self._tolerant:
            self._add(duplicate)
        elif len(self._duplicates) < MAX_PROBLEMS:
            self._duplicates.append(duplicate)

    def _merge(self, values: dict[str, Any], places: dict[str, Place] | None, depth: int) -> None:
        """`<<: source` as go-yaml v2 does it: it overrides what comes before it and is overridden by what follows."""
        event = self._next()
        value, inner = self._node(event, depth)
        sources = value if isinstance(value, list) else [value]
        inners = inner if isinstance(value, list) else [inner]
        if not all(isinstance(source, dict) for source in sources):
            self._refuse(Code.YAML_MERGE, "expected a map or a list of maps for '<<'", event)
            return
        for source in reversed(sources):  # of several sources the first has precedence
            values.update(source)
        if places is not None:
            for place in reversed(inners):
                keys = place.inner if isinstance(place, Place) else place
                places.update(keys if isinstance(keys, dict) else {})


def _is_merge(event: Any) -> bool:
    if type(event) is not ScalarEvent or event.value != "<<":
        return False
    return bool(event.implicit[0] and event.tag is None) or event.tag == "tag:yaml.org,2002:merge"


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _unescape(raw: str) -> str:
    """A piece of a double-quoted scalar as YAML reads it; the macro's own quotes may be unescaped."""
    escaped = re.sub(r'(\\.)|"', lambda match: match[1] or '\\"', raw, flags=re.DOTALL)
    following = events(f'"{escaped}"\n')
    while type(event := following()) is not ScalarEvent:
        pass
    return str(event.value)
