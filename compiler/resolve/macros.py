"""Palette's macros: `{{ … .spectro.… }}` in values and manifests, replaced by facts of the cluster.

Only expressions with a reference `.spectro.…` are touched; any other `{{ }}` survives byte for byte. A bare reference
is looked up here. A pipeline (`{{ .spectro.system.kubernetes.version | substr 0 4 }}`) is evaluated by Helm, all
pipelines in one call, with each reference replaced by its value. Expressions that also need their surroundings
(`{{ if eq .spectro.var.x .Values.y }}`) stay, with values in place of references, for the template they are in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from compiler import limits, yamldoc
from compiler.charts import scan as chart_scan
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, fail
from compiler.digest import canonical_json
from compiler.model.rendering import Evaluator
from compiler.resolve.expressions import Expression, find, is_quoted, literal, references
from compiler.resolve.pipelines import Pipelines
from compiler.resolve.scope import Scope, Undefined, lookup, mask
from compiler.resolve.unknown import known_references, stays
from compiler.yamldoc import Macro, holds_macro, text_of

__all__ = ["Scope", "find", "inline", "mask", "references", "resolve"]

Locate = Callable[..., Position]


def resolve(value: Any, scope: Scope, evaluate: Evaluator, locate: Locate) -> Any:
    """The value with every macro in it replaced, in keys too; the same object where there is none.

    A str stays text. A `yamldoc.Macro`, which was not quoted, becomes what its text means in YAML: a number, a boolean,
    or a collection where the whole scalar is one expression. `locate(*keys)` is the position of a key; `locate()` is
    the start of a text by itself. Raises CompileError with every macro that is undefined (macro-undefined, except in
    comment lines, and where the pipeline calls `default`), refers to itself (macro-cycle), fails in Helm (macro-failed),
    may differ from run to run (macro-random) or cannot be inserted (macro-value).
    """
    if not holds_macro(value):
        return value
    return _Resolver(scope, Pipelines(evaluate), locate).run(lambda resolver: resolver.tree(value, ()))


def inline(text: str, scope: Scope, evaluate: Evaluator, locate: Locate) -> str:
    """A Go template with every reference replaced by its value as a literal; Helm evaluates the rest.

    So `{{ if eq .spectro.system.cloud.type "aws" }}` works, line numbers do not change, and `{{` in a value stays text.
    Raises as `resolve`.
    """
    if ".spectro." not in text:
        return text
    return str(
        _Resolver(scope, Pipelines(evaluate), locate).run(
            lambda r: text if r.stays(text, ()) else r.text(text, (), inline=True)
        )
    )


class _PendingError(Exception):
    """The result of a pipeline is not known yet; it has been requested."""


@dataclass(slots=True)
class _Resolver:
    """One call of `resolve`. It visits the value until no result of a pipeline is missing: usually twice."""

    scope: Scope
    pipelines: Pipelines
    locate: Locate
    problems: Problems = field(default_factory=Problems)
    missing: int = 0  # how often a result was not known yet in this round
    known: dict[str, Any] = field(default_factory=dict)  # by reference
    broken: set[str] = field(default_factory=set)  # references whose problems have been reported in this round
    pending: set[str] = field(default_factory=set)  # references whose pipelines have no result yet in this round
    total: int = 0  # characters of the texts so far in this round
    trail: tuple[str, ...] = ()  # references whose own values are being resolved
    at: Position = field(default_factory=lambda: Position(""))  # of the outermost expression

    def run(self, go: Callable[[_Resolver], Any]) -> Any:
        while True:
            self.problems, self.broken, self.pending, value = Problems(), set(), set(), None
            self.missing = self.total = 0
            with contextlib.suppress(_PendingError):
                value = go(self)
            if not self.missing:
                self.problems.raise_if_any()
                return value
            self.pipelines.run()

    def tree(self, value: Any, keys: tuple[str | int, ...]) -> Any:
        """The value with its macros replaced. It is not usable while results are missing, but all of it was visited."""
        if isinstance(value, str):
            return self._leaf(value, keys) if ".spectro." in value and not self.stays(value, keys) else value
        if isinstance(value, list):
            return [self.tree(item, (*keys, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        changed: dict[str, Any] = {}
        for key, item in value.items():
            name = self._key(key, keys) if ".spectro." in key and not self.stays(key, (*keys, key)) else key
            if name in changed and not self.missing:
                shown = mask(name, self.scope)
                self._error(
                    Code.MACRO_VALUE,
                    f"two keys become '{shown}' when their macros are replaced",
                    self.locate(*keys, key),
                )
            changed[name] = self.tree(item, (*keys, key))
        return changed

    def _key(self, key: str, keys: tuple[str | int, ...]) -> str:
        try:
            return self.text(key, (*keys, key))
        except _PendingError:
            return key

    def stays(self, text: str, keys: tuple[str | int, ...]) -> bool:
        """Whether the text needs a value that is not known. Then only what nothing defines is reported of it."""
        if not stays(text, self.scope):
            return False
        for expression, name in known_references(text, self.scope):
            self._enter(expression, keys)
            self._value(expression, name, optional=expression.calls("default"))
        return True

    def _leaf(self, value: str, keys: tuple[str | int, ...]) -> Any:
        try:
            return self._plain(value, keys) if isinstance(value, Macro) else self.text(value, keys)
        except _PendingError:
            return value

    def _plain(self, value: Macro, keys: tuple[str | int, ...]) -> Any:
        """The value of an unquoted scalar with its macros replaced."""
        expressions = find(value)
        alone = len(expressions) == 1 and expressions[0].raw == value and expressions[0].kind != "foreign"
        whole = expressions[0] if alone else None
        if whole and whole.kind == "bare":
            self._enter(whole, keys)
            content = self._value(whole, whole.references[0])
            if not isinstance(content, str):
                return content
            text = content
        else:
            text = self.text(value, keys)
        try:
            if whole and ("\n" in text or text.lstrip()[:1] in ("{", "[") or is_quoted(text.strip())):
                return yamldoc.load_one(text, self.at.path).value
            return yamldoc.scalar(text)
        except CompileError as error:
            reason = mask(error.diagnostics[0].message, self.scope)
            self._error(Code.MACRO_VALUE, f"the result of {value[:80]} is not valid YAML: {reason}")
            return None

    def text(self, text: str, keys: tuple[str | int, ...], *, inline: bool = False) -> str:
        """The text with its macros replaced; with `inline` as a Go template. Raises _PendingError."""
        parts: list[str] = []
        position, trims, pending = 0, False, False
        for expression in find(text):
            ours = not inline and expression.kind != "foreign"
            before = text[position : expression.start]
            before = before.lstrip() if trims else before
            parts.append(before.rstrip() if ours and expression.trims_left else before)
            position, trims = expression.end, ours and expression.trims_right
            self._enter(expression, keys)
            try:
                parts.append(self._replacement(expression, ours))
            except _PendingError:
                pending = True
        if pending:
            raise _PendingError
        rest = text[position:]
        parts.append(rest.lstrip() if trims else rest)
        length = sum(map(len, parts))
        if length > limits.MACRO_TEXT:
            message = f"the text is longer than {limits.MACRO_TEXT} characters with its macros replaced"
            self._error(Code.MACRO_VALUE, message)
            return ""
        self.total += length
        if self.total > limits.MACRO_TOTAL:
            message = f"macros make more than {limits.MACRO_TOTAL:,} characters of these values or this manifest"
            raise fail(Code.LIMIT_EXCEEDED, message, self.at, hint="use large macros in fewer places")
        return "".join(parts)

    def _replacement(self, expression: Expression, ours: bool) -> str:
        if expression.in_comment and self._is_undefined(expression):
            return expression.raw if ours else f"{{{{ {literal(expression.raw)} }}}}"
        if not ours:
            left, right = "-" * expression.trims_left, "-" * expression.trims_right
            return f"{{{{{left}{self._with_literals(expression)}{right}}}}}"
        if expression.kind == "pipeline":
            return self._pipeline(expression)
        content = self._value(expression, expression.references[0])
        text = text_of(content)
        if text is None:
            kind = "a map" if isinstance(content, dict) else "a list"
            hint = "add a pipeline that prints it: | toJson"
            self._error(Code.MACRO_VALUE, f"{expression.raw} is {kind}, which cannot be part of a text", hint=hint)
        return text or ""

    def _pipeline(self, expression: Expression) -> str:
        if chart_scan.draws_random(expression.raw):
            self._error(Code.MACRO_RANDOM, f"{expression.raw} may differ from run to run")
            return ""
        before = len(self.problems.diagnostics)
        template = f"{{{{ {self._with_literals(expression)} }}}}"
        if len(self.problems.diagnostics) > before or self.broken.intersection(expression.references):
            return ""
        result = self.pipelines.result(template, self.at)
        if result is None:
            self.missing += 1
            raise _PendingError
        if isinstance(result, Diagnostic):
            secret = any(f"var.{name}" in expression.references for name in self.scope.sensitive)
            reason = "it fails; the reason is hidden because it uses a sensitive variable" if secret else result.message
            self._error(Code.MACRO_FAILED, f"{expression.raw}: {mask(reason, self.scope)}")
            return ""
        return result

    def _with_literals(self, expression: Expression) -> str:
        """The expression with values for references; undefined ones are empty where it calls `default`."""
        optional = expression.calls("default")
        return expression.rewritten(lambda name: literal(self._value(expression, name, optional=optional)))

    def _value(self, expression: Expression, name: str, *, optional: bool = False) -> Any:
        try:
            return self._reference(name)
        except Undefined as error:
            if not optional:
                inside = f", in the value of .spectro.{self.trail[-1]}" if self.trail else ""
                self._error(Code.MACRO_UNDEFINED, f"{expression.raw}{inside}: {error}", hint=error.hint)
            return ""

    def _is_undefined(self, expression: Expression) -> bool:
        try:
            for name in expression.references:
                self._reference(name)
        except Undefined:
            return True
        return False

    def _reference(self, name: str) -> Any:
        """The value of a reference with its own macros replaced. Raises Undefined and _PendingError."""
        if name in self.known or name in self.broken:
            return self.known.get(name, "")
        if name in self.pending:
            self.missing += 1
            raise _PendingError
        if name in self.trail:
            cycle = " → ".join(f".spectro.{step}" for step in (*self.trail[self.trail.index(name) :], name))
            self._error(Code.MACRO_CYCLE, f"macros refer to each other in a cycle: {cycle}")
            return ""
        value = lookup(self.scope, name)
        if holds_macro(value):
            return self._nested(name, value)
        self.known[name] = value
        return value

    def _nested(self, name: str, value: Any) -> Any:
        if len(self.trail) >= limits.DEPTH:
            self._error(Code.MACRO_VALUE, f"macros are in the values of macros, more than {limits.DEPTH} levels deep")
            return ""
        missing, before = self.missing, len(self.problems.diagnostics)
        self.trail = (*self.trail, name)
        try:
            value = self.tree(value, ())
        finally:
            self.trail = self.trail[:-1]
        if self.missing > missing:
            self.pending.add(name)
            raise _PendingError
        if len(canonical_json(value)) > limits.MACRO_TEXT:
            self._error(Code.MACRO_VALUE, f"the value of .spectro.{name} is larger than {limits.MACRO_TEXT} characters")
        if len(self.problems.diagnostics) > before:
            self.broken.add(name)
            return ""
        self.known[name] = value
        return value

    def _enter(self, expression: Expression, keys: tuple[str | int, ...]) -> None:
        """Sets the position for errors of this expression: in a text by itself its own line, in a tree its key."""
        self.at = self.at if self.trail else self.locate(*keys)
        if not self.trail and not keys:
            self.at = replace(self.at, line=max(self.at.line, 1) + expression.line, column=expression.column)

    def _error(self, code: Code, message: str, at: Position | None = None, *, hint: str = "") -> None:
        self.problems.error(code, message, at or self.at, hint=hint)
        if len(self.problems.diagnostics) >= limits.PROBLEMS:
            self.problems.raise_if_any()
