"""The package's data files, each read once per process."""

from __future__ import annotations

import functools
import json
import pkgutil
from typing import Any


@functools.cache
def read(name: str) -> Any:
    """The content of a JSON file beside this module. Shared: callers must not change it."""
    # pkgutil, because importing importlib.resources takes longer than reading both files.
    return json.loads(pkgutil.get_data("compiler.kubernetes", name) or b"")
