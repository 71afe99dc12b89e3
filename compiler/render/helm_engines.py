"""The literal table of Helm engines; each is imported at its first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.render.helm import HelmEngine


def _embedded(_binary: str) -> HelmEngine:
    from compiler.render.helm_embedded import EmbeddedHelm

    return EmbeddedHelm()


def _cli(binary: str) -> HelmEngine:
    from compiler.render.helm_cli import HelmBinary

    return HelmBinary(binary)


ENGINES: Mapping[str, Callable[[str], HelmEngine]] = {"embedded": _embedded, "cli": _cli}
"""By the name of `--helm-engine`; called with the absolute path of a `helm` binary, which only "cli" needs."""
