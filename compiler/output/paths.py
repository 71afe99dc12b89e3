"""Where an object's file stands in the output: `<kind>[.<group>]-[<namespace>-]<name>.yaml` (DESIGN §4)."""

from __future__ import annotations

import hashlib
import re

MAX_COMPONENT_BYTES = 200
_UNSAFE = re.compile(r"[^a-z0-9.\-_]")
# Names that Windows keeps for devices, also with an extension.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def file_name(group: str, kind: str, namespace: str, name: str, *, ambiguous: bool = False) -> str:
    """The file's name: lower case, portable to case-insensitive file systems and Windows, at most 200 bytes.

    What a name may hold and a path may not (`:` in RBAC names) becomes `%XX`; a name that is too long, or that such an
    escape could make equal to another's, ends in a hash of the whole. So does an `ambiguous` one, of two objects whose
    namespaces and names run together (`a-b/c` and `a/b-c`).
    """
    parts = [f"{kind}.{group}" if group else kind, *([namespace] if namespace else []), name]
    plain = "-".join(parts)
    escaped = _UNSAFE.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), plain.lower())
    if len(escaped) > MAX_COMPONENT_BYTES - len(".yaml") or name != name.lower() or ambiguous:
        whole = "/".join((group, kind, namespace, name)) if ambiguous else plain
        mark = hashlib.sha256(whole.encode()).hexdigest()[:12]
        escaped = f"{escaped[: MAX_COMPONENT_BYTES - len('.yaml') - len(mark) - 1]}-{mark}"
    if _RESERVED.fullmatch(escaped):
        escaped = f"{escaped}-"
    return f"{escaped}.yaml"
