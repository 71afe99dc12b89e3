"""YAML as Kubernetes reads it and as everybody reads it back: load, dump, positions, macros. Pure: no I/O."""

from compiler.yamldoc.conflicts import marker_in
from compiler.yamldoc.document import Document, Place
from compiler.yamldoc.emit import dump, dump_all, text_of
from compiler.yamldoc.macros import Macro, find_macros, holds_macro
from compiler.yamldoc.parse import load, load_one, load_rendered
from compiler.yamldoc.scalars import scalar

__all__ = [
    "Document",
    "Macro",
    "Place",
    "dump",
    "dump_all",
    "find_macros",
    "holds_macro",
    "load",
    "load_one",
    "load_rendered",
    "marker_in",
    "scalar",
    "text_of",
]
