"""Go templates rendered in this process by the embedded Helm, for tests that are about something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.render import gotemplate
from compiler.render.helm_engines import ENGINES


def render_gotemplates(templates: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """A `model.rendering.Evaluator`."""
    return gotemplate.render_gotemplates(templates, values, ENGINES["embedded"](""))
