"""The variables of a profile."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.diagnostics import Position


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a dropdown."""

    value: str
    label: str = ""
    description: str = ""
    default: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as defined. `default` is None where it has none."""

    name: str
    at: Position
    display_name: str = ""
    description: str = ""
    format: str = "string"
    input_type: str = "text"
    options: tuple[Option, ...] = ()
    regex: str = ""
    required: bool = False
    default: str | None = None
    sensitive: bool = False
    hidden: bool = False
    immutable: bool = False
