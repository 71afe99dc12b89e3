"""Where a values schema leads out of itself: what Helm would fetch, from the network or the disk, to validate values.

Helm reads the schema with another reader than this one. So that nothing which Helm sees stays unseen here, this reader
takes everything that Go's takes, and what it cannot read is refused before Helm gets it: bytes that are no UTF-8 become
U+FFFD as in Go, numbers of any size are texts, of duplicate keys every value counts, control characters may be in strings,
and the byte order mark that Helm's loader takes off is taken off. What Go refuses and this takes is harmless: Helm then
stops before it fetches anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_BOM = b"\xef\xbb\xbf"
_DRAFTS = re.compile(r"https?://json-schema\.org/(?:draft-0[467]/|draft/20(?:19-09|20-12)/)?schema#?")
# Source: the keywords by which github.com/santhosh-tekuri/jsonschema/v6 loads other documents.
_KEYWORDS = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$schema"})
_OWN = frozenset({"id", "$id"})


class _Object(list[tuple[str, Any]]):
    """An object as all of its pairs."""


def outward_refs(schema: bytes) -> tuple[str, ...]:
    """The references that lead out of the schema, sorted. Raises ValueError, with the reason, for what is not JSON."""
    text = schema.removeprefix(_BOM).decode("utf-8", "replace") or "{}"
    try:
        root = json.loads(
            text, strict=False, object_pairs_hook=_Object, parse_int=str, parse_float=str, parse_constant=_refused
        )
        refs = {ref for ref in _refs(root) if not ref.startswith("#") and not _DRAFTS.fullmatch(ref)}
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    own = _own_id(root)
    return tuple(sorted(ref for ref in refs if ref.partition("#")[0] != own))


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number in JSON")


def _own_id(root: Any) -> str | None:
    """The absolute URL by which a schema may refer to itself. Old drafts ignore it beside `$ref`; in draft 4 it is `id`.

    None where the root has a key of these twice: readers differ in which one counts.
    """
    if not isinstance(root, _Object):
        return None
    keys = [key for key, _ in root]
    pairs = dict(root)
    if "$ref" in pairs or any(keys.count(key) > 1 for key in ("$schema", *_OWN)):
        return None
    own = pairs.get("id" if "draft-04" in str(pairs.get("$schema", "")) else "$id")
    return own.rstrip("#") if isinstance(own, str) and "://" in own else None


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, _Object):
        for key, value in node:
            if isinstance(value, str) and key in _KEYWORDS:
                yield value
            yield from _refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _refs(value)
