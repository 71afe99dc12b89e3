"""What import and export of Palette profiles have in common: the names of both sides, and the record.

The record is an annotation of an imported profile with what Palette knows and a profile has no field for (tags, the
registries' own ids, …), so that the export can put it back. It may be deleted: then the export has less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

RECORD = "lamella/palette"
NAMESPACES = "palette-namespaces"  # the manifest with Namespaces that `pack:` of an imported layer asked for
CHARTS = "helm"  # the registry of charts whose registry an export does not name
ENTRY = "entry"  # in the record, of a layer that became builtin: its entry in the export, without manifests
PROFILE_TYPES: Mapping[str, str] = {"cluster": "full", "infra": "infra", "add-on": "add-on"}  # theirs -> ours
LAYERS = ("os", "k8s", "cni", "csi", "addon")
PACK_TYPES = ("spectro", "oci")
# Flags and their defaults where an export lacks them (Palette writes all of them).
VARIABLE_DEFAULTS: Mapping[str, object] = {
    "format": "string", "required": False, "immutable": False, "hidden": False, "sensitive": False, "inputType": "text",
}  # fmt: skip
VARIABLE_NAMES: Mapping[str, str] = {"defaultValue": "default", "isSensitive": "sensitive"}  # theirs -> ours


def slug(text: str) -> str:
    """A name as objects, layers and files may have it: lower-case letters, digits, '-' and '.'."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "unnamed"


def repeated(name: str) -> tuple[str, str]:
    """(display name, pack) of an entry: Palette names a pack that a profile has again DISPLAYNAME--PACK. The display name
    is '' where the name is the pack's own."""
    display, _, pack = name.rpartition("--")
    return (display, pack) if display and pack else ("", name)


def unique(name: str, taken: Mapping[str, object]) -> str:
    """`name`, or with a number behind it where that is taken."""
    candidates = (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3)))
    return next(candidate for candidate in candidates if candidate not in taken)


def release_name(pack: str, chart: str) -> str:
    """What Palette calls the release of a chart."""
    return f"{pack}-{chart}"
