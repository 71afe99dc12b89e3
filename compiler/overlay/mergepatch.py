"""JSON merge patch: but for null the law by which values merge (compiler/merge.py).

A null of the patch deletes at once and is never kept, also where it meets null or nothing, so the two are not one code.
"""

from __future__ import annotations

from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """The target with the patch of RFC 7396 applied. Changes neither; unchanged parts are shared with both.

    RFC 7396, section 2: a patch that is no object replaces the target; in an object, null removes the member.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
