"""The schedules and time zones of CronJobs, as robfig/cron v3 (ParseStandard) and the API server read them."""

from __future__ import annotations

import re

from compiler.kubernetes.validation.findings import described

_MONTHS = {
    each: index
    for index, each in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_DAYS = {each: index for index, each in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_DESCRIPTORS = ("@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly")
_EVERY = re.compile(r"@every [+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+|@every 0")

# The areas of the IANA database, and its zones outside of areas. Within an area nothing is looked at.
_AREAS = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Brazil",
        "Canada",
        "Chile",
        "Etc",
        "Europe",
        "Indian",
        "Mexico",
        "Pacific",
        "US",
    ]
)
_ZONES = frozenset(
    [
        "CET",
        "CST6CDT",
        "Cuba",
        "EET",
        "EST",
        "EST5EDT",
        "Egypt",
        "Eire",
        "Factory",
        "GB",
        "GB-Eire",
        "GMT",
        "GMT+0",
        "GMT-0",
        "GMT0",
        "Greenwich",
        "HST",
        "Hongkong",
        "Iceland",
        "Iran",
        "Israel",
        "Jamaica",
        "Japan",
        "Kwajalein",
        "Libya",
        "MET",
        "MST",
        "MST7MDT",
        "NZ",
        "NZ-CHAT",
        "Navajo",
        "PRC",
        "PST8PDT",
        "Poland",
        "Portugal",
        "ROC",
        "ROK",
        "Singapore",
        "Turkey",
        "UCT",
        "UTC",
        "Universal",
        "W-SU",
        "WET",
        "Zulu",
    ]
)


def schedule(value: str) -> str:
    """What is wrong with a CronJob's schedule; "" where nothing is."""
    text = value
    if text.startswith(("TZ=", "CRON_TZ=")):
        text = text.partition(" ")[2].strip()
    if text.startswith("@"):
        return (
            ""
            if text in _DESCRIPTORS or _EVERY.fullmatch(text)
            else f"expected {', '.join(_DESCRIPTORS)} or @every 1h, found {described(text)}"
        )
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"expected 5 fields, found {len(fields)}: {described(value)}" if text else ""
    for field, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for part in filter(None, field.split(",")):
            if message := _part(part, low, high, names):
                return f"the {name} '{field}': {message}"
    return ""


def _part(text: str, low: int, high: int, names: dict[str, int]) -> str:
    """What is wrong with `*`, `5`, `1-5`, `mon-fri`, `*/5` or `1-30/2`."""
    area, *steps = text.split("/")
    ends = area.split("-")
    if len(steps) > 1 or len(ends) > 2:
        return "expected a number, a range such as 1-5, or one with a step such as */5"
    if ends[0] in ("*", "?"):
        first, last = low, high
    else:
        numbers = [names.get(end.lower(), int(end) if re.fullmatch(r"[0-9]{1,9}", end) else None) for end in ends]
        if None in numbers:
            return f"'{area}' is not a number"
        first, last = numbers[0] or 0, numbers[-1] or 0
        if steps and len(ends) == 1:
            last = high
    if steps and (not re.fullmatch(r"[0-9]{1,9}", steps[0]) or int(steps[0]) == 0):
        return f"the step '{steps[0]}' is not a number above 0"
    if first < low or last > high:
        return f"expected {low} to {high}"
    return "" if first <= last else "the range ends before it begins"


def zone(value: str) -> str:
    """What is wrong with a CronJob's time zone; "" where nothing is or only the zone database knows."""
    area, slash, _ = value.partition("/")
    if value in _ZONES or (slash and area in _AREAS):
        return ""
    return f"expected a time zone such as Europe/Berlin or Etc/UTC, found {described(value)}"
