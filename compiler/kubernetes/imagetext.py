"""Texts of an object that certainly name an image where no field for images is: arguments, variables, files.

Nothing rewrites them, because no schema says that they are images; they are found so that a mirror does not leak unseen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from compiler.kubernetes.apis import is_builtin_group, split_api_version
from compiler.kubernetes.images import Path, parts

# A name that says that its value is an image: `--kubectl-image`, `RELATED_IMAGE_PROXY`, `proxyImage`, `sidecar.io/image`.
_SAYS_IMAGE = re.compile(r"(?i)image(?:[-_]?(?:name|ref|reference))?$|^RELATED_IMAGE_")
# Tags of a release; in `example.com/dedicated:NoSchedule` and `example.com/path:8080` the last part is none.
_RELEASE = re.compile(r"latest|.*[0-9]\.[0-9].*|v[0-9].*")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?|[a-z0-9.-]+:[0-9]+")
_SEPARATORS = re.compile(r"""[\s,;="'`()\[\]{}<>|]+""")
_ASSIGNED = re.compile(r"""(?i)(?<![\w-])[\w-]*image["']?[ \t]*[:=][ \t]*["']?([^\s"',;]+)""")
_LONGEST = 512  # of a reference: 255 for the name, 128 for the tag, a digest
_FLAG = re.compile(r"-{1,2}([\w.-]+)(?:=(.*))?", re.DOTALL)

# Keys of custom resources whose value is a registry, or a repository if its tag or name is beside it.
_REGISTRY_KEYS = frozenset({"registry", "imageRegistry", "imageRepository", "systemDefaultRegistry", "hub"})
_BESIDE_REPOSITORY = frozenset({"tag", "image", "version", "digest", "name", "imageTag"})
_NO_VALUES = frozenset({"labels", "matchLabels", "nodeSelector", "managedFields", "quobyte"})


def mentions(body: Mapping[str, Any], known: Collection[Path]) -> Iterator[tuple[Path, str]]:
    """(path, image reference or registry) of each text that certainly names an image. `known` are the paths of the
    object's own images, which are left out. Secrets and CustomResourceDefinitions have none.

    Certain is a reference with a registry and a release's tag or a digest; one with less where its name, flag or key
    says that it is an image.
    """
    if body.get("kind") in ("Secret", "CustomResourceDefinition"):
        return
    custom = not is_builtin_group(split_api_version(str(body.get("apiVersion", "")))[0])
    for path, text in _texts(body, (), custom):
        if path not in known:
            yield path, text


def _texts(node: Any, path: Path, custom: bool) -> Iterator[tuple[Path, str]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _texts(item, (*path, index), custom)
    elif isinstance(node, dict):
        for key, value in node.items():
            here = (*path, key)
            if key in _NO_VALUES:
                continue
            if isinstance(value, str):
                yield from ((here, text) for text in _of_field(node, str(key), value, custom))
            elif key in ("args", "command") and isinstance(value, list):
                yield from _of_arguments(value, here)
            else:
                yield from _texts(value, here, custom)


def _of_field(node: Mapping[str, Any], key: str, value: str, custom: bool) -> Iterator[str]:
    if key == "value" and isinstance(node.get("name"), str):  # of a variable
        yield from _in_text(value, says=bool(_SAYS_IMAGE.search(node["name"])))
    elif "\n" in value:
        yield from _assigned(value)
    elif _is_certain(value, says=bool(_SAYS_IMAGE.search(key))) or (custom and _is_registry(node, key, value)):
        yield value


def _is_registry(node: Mapping[str, Any], key: str, value: str) -> bool:
    host, _, rest = value.rstrip("/").partition("/")
    if not _HOST.fullmatch(host) or not re.fullmatch(r"[\w./-]*", rest):
        return False
    return key in _REGISTRY_KEYS or (key == "repository" and bool(_BESIDE_REPOSITORY & node.keys()))


def _of_arguments(arguments: list[Any], path: Path) -> Iterator[tuple[Path, str]]:
    flag = ""  # the one before, which has no value of its own
    for index, argument in enumerate(arguments):
        if isinstance(argument, str):
            match = _FLAG.fullmatch(argument)
            name, text = (match[1], match[2] or "") if match else (flag, argument)
            flag = match[1] if match and match[2] is None else ""
            yield from (((*path, index), found) for found in _in_text(text, says=bool(_SAYS_IMAGE.search(name))))


def _in_text(text: str, *, says: bool) -> Iterator[str]:
    """The references in the value of a variable or in an argument, which may be a list of them or a script."""
    if says and _is_certain(text, says=True):
        yield text
        return
    words = (word for word in _SEPARATORS.split(text) if _is_certain(word, says=False))
    yield from dict.fromkeys([*words, *_assigned(text)])


def _assigned(text: str) -> Iterator[str]:
    """The references after `image:` or `some-image=` in the text of a file or a script."""
    return (value for value in _ASSIGNED.findall(text) if _is_certain(value, says=True))


def _is_certain(text: str, *, says: bool) -> bool:
    """Whether the text names an image; `says`: its name, flag or key says so."""
    split = parts(text) if len(text) <= _LONGEST else None
    if split is None:
        return False
    name, tag, digest = split
    first, slash, _ = name.partition("/")
    has_host = bool(slash) and _HOST.fullmatch(first) is not None
    if digest:
        return True
    if has_host:
        return says or bool(_RELEASE.fullmatch(tag))
    return says and (bool(_RELEASE.fullmatch(tag)) or (bool(slash) and any(c.isdigit() for c in tag)))
