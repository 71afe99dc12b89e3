"""Presets of a pack: named edits of its values, of each group at most one.

Applying one deletes its `remove` paths and then merges its `add` into the values. Palette does that in its editor,
keeps only the edited text, and records the choice in a comment at the top of it. Here a profile names its presets and
they are applied on rendering; a comment in the pack's values.yaml records what is in the text already and is never
applied again, only compared with presets.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Position, Problems, did_you_mean
from compiler.merge import merge
from compiler.model import Pack, Preset
from compiler.palette.paths import without

_HEADER = re.compile(r"#\s*spectrocloud\.com/enabled-presets:(.*)")


def enabled_presets(text: str) -> tuple[str, ...]:
    """`Group:name` of every preset that the comment before the first line of a values text records."""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            break
        match = _HEADER.match(stripped)
        if match:
            return tuple(part.strip() for part in match[1].split(",") if part.strip())
    return ()


def select(pack: Pack, names: Sequence[str], at: Position, problems: Problems) -> tuple[Preset, ...]:
    """The presets that a layer names, in its order: by `name`, or `group:name` where that is clearer.

    Records unknown ones and a second one of a group (a preset without group excludes no other).
    """
    known = {preset.name: preset for preset in pack.presets}
    known |= {f"{preset.group}:{preset.name}": preset for preset in pack.presets if preset.group}
    chosen: dict[str, Preset] = {}
    for name in dict.fromkeys(names):
        preset = known.get(name)
        if preset is None:
            hint = did_you_mean(name, [preset.name for preset in pack.presets]) or "it has no presets"
            problems.error(
                Code.PRESET_UNKNOWN, f"pack '{pack.name}' {pack.version} has no preset '{name}'", at, hint=hint
            )
            continue
        other = chosen.setdefault(preset.group or preset.name, preset)
        if other is not preset:
            problems.error(
                Code.PRESET_CONFLICT,
                f"presets '{other.name}' and '{preset.name}' are both of group '{preset.group}'",
                at,
                hint="keep one of them: only one preset of a group can be active",
            )
    return tuple(chosen.values())


def apply(data: Mapping[str, Any], presets: Sequence[Preset]) -> Mapping[str, Any]:
    """The values after the presets, in order; `data` is not changed. A path to remove may be missing.

    A null that a preset adds is a value: it reaches Helm.
    """
    for preset in presets:
        for path in preset.remove:
            data = without(data, path)
        data = merge([data, preset.add])
    return data


def check_record(pack: Pack, problems: Problems) -> None:
    """Warns where the comment in the pack's values.yaml and its presets.yaml disagree; the values are used as written.

    They disagree if the comment names a preset that does not exist, or one that would still change the values.
    """
    at = Position(pack.values.document.path, 1)
    if pack.enabled_presets and not pack.presets:
        listed = ", ".join(pack.enabled_presets)
        problems.warning(
            Code.PRESET_RECORD, f"the comment in values.yaml lists presets ({listed}), but the pack has none", at
        )
        return
    for record in pack.enabled_presets:
        group, _, name = record.rpartition(":")
        preset = next((p for p in pack.presets if p.name == name.strip() and p.group in ("", group.strip())), None)
        if preset is None:
            unknown = f"the comment in values.yaml lists preset '{record}', but presets.yaml has no such preset"
            problems.warning(Code.PRESET_RECORD, unknown, at)
        elif apply(pack.values.data, [preset]) != pack.values.data:
            problems.warning(
                Code.PRESET_RECORD,
                f"the comment in values.yaml lists preset '{record}', but its values differ from the preset",
                at,
                hint=f"the values are used as written; to apply the preset, set: presets: [{preset.name}]",
            )
