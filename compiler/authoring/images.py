"""The images of a pack: what it renders, against the list that it carries for air-gapped clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.authoring.workbench import Compile, Setting, workpiece
from compiler.diagnostics import Diagnostic
from compiler.kubernetes import images as references
from compiler.model import Pack
from compiler.ports import Files

_POLICY = {"secrets": "allow", "random": "allow", "apis": "allow"}


@dataclass(frozen=True, slots=True)
class Images:
    """`rendered` are the images of containers and image volumes, sorted. With errors among the problems they mean
    nothing."""

    rendered: tuple[str, ...]
    listed: tuple[str, ...]  # in the pack's values, as written there
    unlisted: tuple[str, ...]  # rendered, not listed
    unused: tuple[str, ...]  # listed, and nothing rendered names them
    problems: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def images(pack: Pack, files: Files, compile_: Compile) -> Images:
    """The images of the pack with its own values. An image that an operator gets as an argument, environment variable
    or setting counts as used, though no pod spec of the pack names it."""
    setting = Setting(schema=False, policy=_POLICY)
    outcome = workpiece(files, pack, setting).compile(compile_)
    rendered = tuple(sorted({image for _, rendered_object in outcome.objects for image in rendered_object.images}))
    listed = tuple(_listed(pack.values.data))
    known = {references.normal(image) for image in listed}
    named = {references.normal(image) for image in rendered}
    texts = [rendered_object.content for _, rendered_object in outcome.objects]

    def is_used(image: str) -> bool:
        short = image.removeprefix("docker.io/").removeprefix("library/").encode()
        return references.normal(image) in named or any(short in text for text in texts)

    return Images(
        rendered,
        listed,
        tuple(image for image in rendered if references.normal(image) not in known),
        tuple(image for image in listed if not is_used(image)),
        outcome.problems,
    )


def _listed(values: Mapping[str, Any]) -> Iterator[str]:
    """`pack.content.images`; entries of another form are reported by `pack lint`."""
    value: Any = values
    for key in ("pack", "content", "images"):
        value = value.get(key) if isinstance(value, Mapping) else None
    for entry in value if isinstance(value, list) else ():
        image = entry.get("image") if isinstance(entry, Mapping) else None
        if isinstance(image, str) and image:
            yield str(image)
