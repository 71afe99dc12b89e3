"""Keys below `charts:` and `manifests:` that match nothing in the pack: their values would be lost silently."""

from __future__ import annotations

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


def listed(names: Iterable[str]) -> str:
    """Names for a message: quoted, sorted, at most nine."""
    shown = sorted(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(f"'{name}'" for name in shown[:_SHOWN]) + more
