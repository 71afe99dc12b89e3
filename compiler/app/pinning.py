"""Which images are to be pinned: those of the output, so it is rendered. Nothing is done where nothing pins images."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.app.archives import LockedFiles
from compiler.app.pipeline import Request, collect, prepare
from compiler.app.schedule import Progress, render_layers
from compiler.diagnostics import Problems
from compiler.model import Policy, Source
from compiler.model.lock import ImageRequest
from compiler.model.rendering import Renderer
from compiler.overlay.images import is_floating


def pins_images(source: Source) -> bool:
    """Whether any level of the repository asks for images by digest."""
    return any(policy.pins_images for policy in _policies(source))


def _policies(source: Source) -> Iterator[Policy]:
    yield source.settings.policy
    for profile in source.profiles.values():
        yield profile.policy
        yield from (layer.settings.policy for layer in profile.layers)
    templates = [template.assignment for template in source.templates.values()]
    for assignment in (*templates, *(cluster.assignment for cluster in source.clusters.values())):
        yield assignment.policy
        yield from (settings.policy for settings in assignment.layers.values())


def image_requests(files: LockedFiles, renderer: Renderer) -> list[ImageRequest]:
    """The images without a digest of all layers that pin them, as the output has them: after overlays and mirrors. What
    SOPS has encrypted is left out. Raises CompileError with all problems of rendering."""
    _, planned, _ = prepare(files, Request(), renderer, files.archives)
    results = render_layers(planned, renderer, Progress()).results
    problems = Problems()
    collect(planned.clusters, results, problems)
    problems.raise_if_any()
    requests = set()
    for cluster, rendered in zip(planned.clusters, results, strict=True):
        for layer, result in zip(cluster.layers, rendered, strict=True):
            if layer.policy.pins_images:
                label = f"profile {layer.profile} {layer.profile_version}, layer {layer.name}"
                requests |= {
                    ImageRequest(image, label, layer.at)
                    for item in result.objects
                    if not item.encrypted
                    for image in item.images
                    if is_floating(image, layer.policy.images_unpinned)
                }
    return sorted(requests, key=lambda request: (request.image, request.asked_by))
