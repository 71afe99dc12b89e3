"""Strategic merge patch, as kustomize applies it (kyaml's merge2), with kubectl's other directives.

Maps merge, null deletes. A list merges by key if the schema of its built-in kind sets one, else the patch replaces it.
`$patch: delete | replace | merge` in a map applies to that map; alone in a list item, to that list. Kustomize prints
`$deleteFromPrimitiveList/…`, `$setElementOrder/…` and `$retainKeys` as if they were fields; here they have kubectl's
meaning.

Fields and lists that the patch does not name stay the same Python objects. (Kustomize also merges items of equal key in
lists that no patch names; here they stay.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.kubernetes import ListRule, Shape, shape_of
from compiler.overlay import keyedlist
from compiler.overlay.errors import PatchError
from compiler.overlay.select import metadata_of

DIRECTIVE = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_FROM_LIST = "$deleteFromPrimitiveList/"
ELEMENT_ORDER = "$setElementOrder/"

# A patch cannot change the object's identity: kustomize's ApplySmPatch restores these.
_IDENTITY = ("name", "namespace")


def strategic_merge(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object with the patch merged in, None if `$patch: delete` removes it. Changes neither.

    `apiVersion`, `kind`, `metadata.name` and `metadata.namespace` of the patch are ignored. Raises PatchError.
    """
    own = {key: value for key, value in patch.items() if key not in ("apiVersion", "kind")}
    metadata = own.get("metadata")
    if isinstance(metadata, Mapping):
        own["metadata"] = {key: value for key, value in metadata.items() if key not in _IDENTITY}
    merged: dict[str, Any] | None = merge_map(target, own, _shape(None, target), ())
    if merged is not None and own.get(DIRECTIVE) == "replace":
        kept = {key: value for key, value in metadata_of(target).items() if key in _IDENTITY}
        merged = {**merged, "apiVersion": target.get("apiVersion"), "kind": target.get("kind")}
        merged["metadata"] = {**metadata_of(merged), **kept}
    return merged


def merge_map(
    target: Mapping[str, Any] | None, patch: Mapping[str, Any], shape: Shape | None, path: tuple[str, ...]
) -> dict[str, Any] | None:
    """The merged map; None if the patch deletes it. `target` is None for an absent map or null."""
    directive = patch.get(DIRECTIVE)
    if directive not in (None, "delete", "replace", "merge"):
        raise PatchError(
            f"{_dotted(path)}: unknown directive $patch: {directive}", hint="expected one of: delete, merge, replace"
        )
    if directive == "delete":
        return None
    merged = dict(target) if target is not None and directive != "replace" else {}
    shape = _shape(shape, patch if target is None else target)
    _retain_keys(merged, patch, path)
    for key, value in patch.items():
        if key.startswith(DELETE_FROM_LIST):
            field = key.removeprefix(DELETE_FROM_LIST)
            if field in merged:
                merged[field] = keyedlist.without(merged[field], value, _dotted((*path, field)))
    for key, value in patch.items():
        if key in (DIRECTIVE, RETAIN_KEYS) or key.startswith((DELETE_FROM_LIST, ELEMENT_ORDER)):
            continue
        before = merged.get(key)
        result = None if value is None else _merge_field(before, value, shape, (*path, key))
        if result is None:
            merged.pop(key, None)
        else:
            merged[key] = result
    for key, order in patch.items():
        field = key.removeprefix(ELEMENT_ORDER)
        if key.startswith(ELEMENT_ORDER) and field in merged:
            before = (target or {}).get(field)
            merged[field] = keyedlist.ordered(
                merged[field], before, order, _keys(shape, field), _dotted((*path, field))
            )
    return merged


def _merge_field(before: Any, value: Any, shape: Shape | None, path: tuple[str, ...]) -> Any:
    """The new value of a field, None to remove it. `value` is not None."""
    if before is not None and _type(before) != _type(value):
        raise PatchError(f"{_dotted(path)}: expected {_type(before)} in the patch, found {_type(value)}")
    if isinstance(value, dict):
        return merge_map(before, value, shape.map_shape(path[-1]) if shape else None, path)
    if isinstance(value, list):
        rule = shape.list_rule(path[-1]) if shape else None
        return _merge_list(before, value, rule, path)
    return value


def _merge_list(before: list[Any] | None, patch: list[Any], rule: ListRule | None, path: tuple[str, ...]) -> Any:
    directive, items = _list_directive(patch, path)
    if directive == "delete":
        return None
    if rule is None:
        if any(isinstance(item, dict) and DIRECTIVE in item for item in items):
            raise PatchError(
                f"{_dotted(path)}: `$patch` in an item of a list without merge key, which a patch replaces as a whole",
                hint="use json6902 to change one item",
            )
        return items
    base = [] if before is None or directive == "replace" else before
    if not rule.keys:
        return keyedlist.union(items, base)

    def merge_item(target: Mapping[str, Any] | None, item: Mapping[str, Any]) -> dict[str, Any] | None:
        place = (*path[:-1], f"{path[-1]}[{item.get(rule.keys[0])}]")
        return merge_map(target, item, rule.item, place)

    return keyedlist.merge(base, items, rule.keys, merge_item, _dotted(path))


def _list_directive(patch: list[Any], path: tuple[str, ...]) -> tuple[str, list[Any]]:
    """(the directive of an item with `$patch` alone, which applies to the list; the other items)."""
    directives = [item[DIRECTIVE] for item in patch if isinstance(item, dict) and DIRECTIVE in item and len(item) == 1]
    if not directives:
        for item in patch:
            if isinstance(item, dict) and item.get(DIRECTIVE) == "replace":
                # kubectl replaces the whole list, kustomize 5.8 does nothing: neither is what the author meant.
                raise PatchError(
                    f"{_dotted(path)}: kubectl and kustomize disagree about `$patch: replace` in one item",
                    hint="to replace the list, make `$patch: replace` its own item; to replace an item, use json6902",
                )
        return "merge", patch
    if directives[0] not in ("delete", "replace", "merge"):
        raise PatchError(
            f"{_dotted(path)}: unknown directive $patch: {directives[0]}",
            hint="expected one of: delete, merge, replace",
        )
    return directives[0], [
        item for item in patch if not (isinstance(item, dict) and DIRECTIVE in item and len(item) == 1)
    ]


def _retain_keys(merged: dict[str, Any], patch: Mapping[str, Any], path: tuple[str, ...]) -> None:
    """kubectl's rule: fields that `$retainKeys` does not list are removed, and the patch must not set them."""
    retained = patch.get(RETAIN_KEYS)
    if retained is None:
        return
    if not isinstance(retained, list):
        raise PatchError(f"{_dotted(path)}: $retainKeys must be a list of field names")
    for key, value in patch.items():
        if key not in retained and value is not None and not key.startswith("$"):
            raise PatchError(f"{_dotted((*path, key))} is set, but $retainKeys does not list it")
    for key in [key for key in merged if key not in retained]:
        del merged[key]


def _shape(shape: Shape | None, content: Mapping[str, Any]) -> Shape | None:
    """The given shape; without one, that of the map's own apiVersion and kind, if it is an object."""
    if shape is not None:
        return shape
    api_version, kind = content.get("apiVersion"), content.get("kind")
    return shape_of(api_version, kind) if isinstance(api_version, str) and isinstance(kind, str) else None


def _keys(shape: Shape | None, field: str) -> tuple[str, ...]:
    rule = shape.list_rule(field) if shape else None
    return rule.keys if rule else ()


def _type(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path) or "the object"  # items are named by their merge key: `volumes[data]`
