"""Keys of a pack's values that match nothing, or that nothing acts on: they would be lost silently."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from compiler.codes import Code
from compiler.diagnostics import did_you_mean
from compiler.palette.values import PackValues

_SHOWN = 9  # keys listed in one message
_CODES = {"charts": Code.PACK_VALUES_UNMATCHED_CHART, "manifests": Code.PACK_VALUES_UNMATCHED_MANIFEST}


def report_unmatched(values: PackValues, section: str, names: Collection[str]) -> None:
    """Records the keys of a section that are none of `names`: a warning where they are the pack's own, as in some
    public packs, and an error where a profile or a cluster sets them, which is a typo."""
    given = values.expect_mapping(values.data.get(section), section)
    strays = [key for key in given if key not in names]
    own = [key for key in strays if values.is_own(section, key)]
    kind, pack = section.removesuffix("s"), values.pack.name
    if own:
        flat = section == "charts" and len(names) == 1 and len(strays) == len(given)
        switch = "; if these are the chart's own values, set flatCharts: true" if flat else ""
        values.problems.warning(
            _CODES[section],
            f"{section}: {listed(own)} of pack '{pack}' match no {kind} and have no effect",
            values.locate(section, own[0]),
            hint=f"its {section}: {listed(names) or 'none'}{switch}",
        )
    for key in strays:
        if key not in own:
            values.problems.error(
                _CODES[section],
                f"{section}.{key} matches no {kind} of pack '{pack}'",
                values.locate(section, key),
                hint=did_you_mean(key, names) or f"the pack has no {section}",
            )


# What Palette, or one of its own packs, reads at the top of a pack's values.
_READ = frozenset({"pack", "charts", "manifests", "kubeadmconfig", "imageSwap", "clientConfig"})
_LEFT_OUT = {
    "imageSwap": "images are rewritten by an overlay: transform: {imageSwap: [SOURCE::TARGET, …]}",
    "clientConfig": "Lamella writes no kubeconfig: give its users these settings another way",
}


def report_left_out(values: PackValues, layer_type: str, *, swapped: bool) -> None:
    """Warns of what Palette carries out for a k8s layer and Lamella does not. `swapped`: an overlay rewrites images."""
    for key, hint in _LEFT_OUT.items():
        if layer_type == "k8s" and values.data.get(key) and not (swapped and key == "imageSwap"):
            values.problems.warning(
                Code.PACK_VALUES_LEFT_OUT,
                f"{key} of pack '{values.pack.name}' is not carried out",
                values.locate(key),
                hint=hint,
            )


def report_unread(values: PackValues, layer_type: str) -> None:
    """Reports top-level keys that nothing reads: an error where one is nearly a key that is read, else a warning. The
    pack's own stay its author's matter. Of os and k8s packs the platform reads more than is known here; templates of our
    own format and resource constraints read any key."""
    pack = values.pack
    if layer_type in ("os", "k8s") or pack.templates:
        return
    needed = {
        path.split(".")[0]
        for need in pack.resources
        for part in need.components
        for path in (part.request, part.replicas)
    }
    for key in values.data:
        if key in _READ | needed or key in pack.values.data:
            continue
        near = difflib.get_close_matches(key, ("pack", "charts", "manifests"), n=1, cutoff=0.8)
        report = values.problems.error if near else values.problems.warning
        report(
            Code.PACK_VALUES_UNREAD,
            f"nothing reads '{key}' in the values of pack '{pack.name}'",
            values.locate(key),
            hint=f"did you mean '{near[0]}'?" if near else _place_for(values, key),
        )


def _place_for(values: PackValues, key: str) -> str:
    """Where a value can be that a chart or manifest of the pack is to get."""
    places = [
        section for section, paths in (("charts", values.pack.charts), ("manifests", values.pack.manifests)) if paths
    ]
    named = " or ".join(f"{section}.NAME.{key}" for section in places)
    return f"write it as {named}" if named else "delete it: the pack has no charts and no manifests"


def listed(names: Iterable[str]) -> str:
    """Names for a message: quoted, sorted, at most nine."""
    shown = sorted(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(f"'{name}'" for name in shown[:_SHOWN]) + more
