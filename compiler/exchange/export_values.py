"""The values text of an exported layer: a whole document, as Palette has them.

Text in the profile keeps its comments. Where levels are merged here (`valuesMode: merge`, presets, a pack's
own values) the result is written, for Palette replaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.exchange import names, yamltext
from compiler.exchange.yamltext import Block
from compiler.merge import merge
from compiler.model import ChartRef, Layer, Pack, PackRef, Source
from compiler.model.packs import newest
from compiler.palette import presets
from compiler.palette.settings import PRIORITY
from compiler.yamldoc import Document


@dataclass(frozen=True, slots=True)
class ValuesWriter:
    """Writes the values of the layers of one profile, whose file has this text and is this document."""

    source: Source
    text: str
    document: Document
    problems: Problems

    def text_of(self, layer: Layer, recorded: Mapping[str, Any]) -> str:
        """The values of a layer; '' where the pack's own hold. `recorded`: those that import had no field for."""
        if isinstance(layer.source, PackRef):
            return yamltext.trimmed(self._of_pack(layer, layer.source))
        pack = {**_mapping(recorded.get("pack")), **_pack_settings(layer)}
        whole: dict[str, Any] = {"pack": pack, **{key: value for key, value in recorded.items() if key != "pack"}}
        if not pack:
            del whole["pack"]
        if isinstance(layer.source, ChartRef):
            own = self._own(layer)
            charts = {**({layer.source.name: own} if own else {}), **_mapping(recorded.get("charts"))}
            whole |= {"charts": charts} if charts else {}
        return yamltext.trimmed(yamltext.dump(whole)) if whole else ""

    def _own(self, layer: Layer) -> Block | None:
        """The layer's values as the profile has them, or merged where they come from several places."""
        levels = layer.settings.values
        if not levels:
            return None
        data = _levels(layer)
        inline = len(levels) == 1 and bool(levels[0].prefix)
        kept = yamltext.section(self.text, self.document, levels[0].prefix) if inline else ""
        return yamltext.block(kept or yamltext.dump(data), data)

    def _of_pack(self, layer: Layer, reference: PackRef) -> str:
        own = _pack_settings(layer)
        if not (layer.settings.values or own or reference.presets):
            return ""
        if layer.settings.values_mode == "replace":
            block = self._own(layer)
            data = _levels(layer)
            if not own and block is not None:
                return f"{block.text if data else block.text.removesuffix('{}')}\n"
            return yamltext.dump(merge([data, {"pack": own}] if own else [data]))
        return self._merged(layer, reference, own)

    def _merged(self, layer: Layer, reference: PackRef, own: Mapping[str, Any]) -> str:
        """The pack's values with the presets and the layer's values in them."""
        pack = self._pack(reference)
        if pack is None:
            self.problems.warning(
                Code.EXPORT_INCOMPLETE,
                f"layer '{layer.name}' merges its values with those of pack '{reference.name}',"
                " which is not in this repository",
                layer.at,
                hint="put the pack into packs/, or complete the exported values by hand",
            )
        chosen = presets.select(pack, reference.presets, reference.at, self.problems) if pack else ()
        base = presets.apply(pack.values.data, chosen) if pack else {}
        levels = [base, *(level.data for level in layer.settings.values), {"pack": own} if own else {}]
        record = ",".join(f"{preset.group}:{preset.name}" for preset in chosen)
        header = f"# spectrocloud.com/enabled-presets: {record}\n" if record else ""
        return header + yamltext.dump(merge(levels, [layer.settings.list_strategies] * len(levels)))

    def _pack(self, reference: PackRef) -> Pack | None:
        available: Mapping[str, Pack] = self.source.packs.get(reference.name) or {}
        try:
            chosen = newest(available, reference.version or "*")
        except ValueError:
            return None
        return available[chosen] if chosen else None


def _levels(layer: Layer) -> dict[str, Any]:
    """The layer's own levels of values, merged as a render merges them."""
    levels = [level.data for level in layer.settings.values]
    return merge(levels, [layer.settings.list_strategies] * len(levels))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _pack_settings(layer: Layer) -> dict[str, Any]:
    """The layer's own fields as keys of the `pack:` block."""
    settings = layer.settings
    block: dict[str, Any] = {}
    if settings.namespace:
        block["namespace"] = settings.namespace
    if settings.install_priority is not None:
        block[PRIORITY] = str(settings.install_priority)
    if isinstance(layer.source, ChartRef):
        name = settings.release_name or layer.installed_as
        if name != names.release_name(layer.source.name, layer.source.name):
            block["releaseNameOverride"] = {layer.source.name: name}
    return block
