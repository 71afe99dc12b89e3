"""Helm's error texts as HelmFailure values: what is wrong and where, without the wrappers that Helm nests around it."""

from __future__ import annotations

from compiler.render.helm import HelmFailure


def failure(text: str) -> HelmFailure:
    """The failure that Helm's message means."""
    return HelmFailure("template", text.strip())
