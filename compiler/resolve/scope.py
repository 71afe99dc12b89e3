"""What the macros of one layer may refer to, and how a reference is looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compiler.diagnostics import did_you_mean
from compiler.mask import masked
from compiler.yamldoc.limits import MAX_DEPTH

KINDS = ("var", "system", "macro", "pack")
SYSTEM_NAMES = (
    "user.name", "user.uid", "user.email", "tenant.uid", "project.name", "project.uid",
    "clusterprofile.name", "clusterprofile.uid", "clusterprofile.version",
    "clusterprofile.infra.name", "clusterprofile.infra.uid", "clusterprofile.infra.version",
    "cluster.name", "cluster.uid", "cluster.kubevip", "cloudaccount.name", "cloudaccount.uid",
    "kubernetes.version", "cloud.type", "cloud.region",
    "reverseproxy.server", "reverseproxy.port", "reverseproxy.protocol", "reverseproxy.vhostport",
)  # fmt: skip
"""All names that Palette has. The repository knows some of them; a cluster sets the others under `system:`."""


class PackValuesByName(dict[str, Mapping[str, Any]]):
    """Values by the name of a pack or layer. `asked` are the names whose values somebody has looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        self.asked.add(name)
        return super().__getitem__(name)


@dataclass(frozen=True, slots=True)
class Scope:
    """The values that each kind of reference can have.

    `var`: values of the profile's variables. `system`: by dotted name. `macro`: user macros, with their scopes merged.
    `packs`: values by the name of a pack or layer, macros not replaced. `sensitive`: names in `var` whose values no
    message may show. `read` has the paths in `packs` that were looked up so far: it grows, and copies share it.
    `unknown`: references (`var.x`, or `macro.*`) whose values only a cluster gives, where there is
    none: text with one stays as it is.
    """

    var: Mapping[str, str] = field(default_factory=dict)
    system: Mapping[str, str] = field(default_factory=dict)
    macro: Mapping[str, str] = field(default_factory=dict)
    packs: Mapping[str, Any] = field(default_factory=PackValuesByName)
    sensitive: frozenset[str] = frozenset()
    read: set[str] = field(default_factory=set, compare=False)
    unknown: frozenset[str] = frozenset()


class Undefined(Exception):
    """A name that is not defined. `hint` says what may be meant or what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def lookup(scope: Scope, name: str) -> Any:
    """The value of a reference, its macros not replaced. `name` is without `.spectro.`. Raises Undefined."""
    kind, _, rest = name.partition(".")
    if kind == "pack":
        scope.read.add(rest)
        return _pack_value(scope.packs, rest)
    texts = {"var": scope.var, "system": scope.system, "macro": scope.macro}.get(kind)
    if texts is None:
        raise Undefined(f"no macros named .spectro.{kind}", did_you_mean(kind, KINDS))
    if rest in texts:
        return texts[rest]
    if kind == "var":
        hint = did_you_mean(rest, texts) or "define it under spec.variables of the profile, or set its value"
        raise Undefined(f"the profile has no variable '{rest}' with a value", hint)
    if kind == "macro":
        raise Undefined(f"no user macro named '{rest}' applies to this cluster", did_you_mean(rest, texts))
    if rest in SYSTEM_NAMES:
        raise Undefined(f"this cluster's {rest} is not known", f"set it in the cluster: system: {{{rest}: …}}")
    raise Undefined(f"no system macro named '{rest}'", did_you_mean(rest, {*SYSTEM_NAMES, *texts}))


def _pack_value(packs: Mapping[str, Any], path: str) -> Any:
    """A value of a pack. Keys may contain dots (`options: {system.uri: …}`), so parts are joined."""
    parts = path.split(".")
    if len(parts) > MAX_DEPTH:
        raise Undefined(f"no value is more than {MAX_DEPTH} levels deep")
    value = _descend(packs, parts)
    if value is not None:
        return value
    level: Any = packs
    for number, part in enumerate(parts):
        if isinstance(level, Mapping) and part in level:
            level = level[part]
            continue
        where = ".".join(parts[:number])
        known = [str(key) for key in level] if isinstance(level, Mapping) else []
        if number == 0:
            raise Undefined(f"no layer of this cluster uses a pack named '{part}'", did_you_mean(part, known))
        raise Undefined(f"the values of pack {where} have no '{'.'.join(parts[number:])}'", did_you_mean(part, known))
    raise Undefined(f"the value of pack {path} is null", "add a default: | default …")


def _descend(value: Any, parts: Sequence[str]) -> Any:
    if not parts:
        return value
    if isinstance(value, list):
        index = parts[0]
        inside = index.isascii() and index.isdigit() and len(index) < 7 and int(index) < len(value)
        return _descend(value[int(index)], parts[1:]) if inside else None
    if isinstance(value, Mapping):
        for length in range(1, len(parts) + 1):
            key = ".".join(parts[:length])
            if key in value and (inner := _descend(value[key], parts[length:])) is not None:
                return inner
    return None


def mask(text: str, scope: Scope) -> str:
    """The text with the values of sensitive variables replaced by `***`, in every form."""
    return masked(text, (scope.var[name] for name in scope.sensitive if scope.var.get(name)))
