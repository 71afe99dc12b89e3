"""JSON merge patch (RFC 7396).

Not the merge of values (compiler/merge.py): here a null in the patch deletes at once and is never kept.
"""

from __future__ import annotations

from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """The target with the patch of RFC 7396 applied. Changes neither; unchanged parts are shared with both.

    RFC 7396, section 2: a patch that is not an object replaces the target; in an object, null removes the member.
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
