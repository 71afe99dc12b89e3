"""What the output holds: the layers of a cluster with their objects in order, each at its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.model.planned import PlannedCluster, PlannedLayer
from compiler.model.rendered import OutputFile, RenderedObject


@dataclass(frozen=True, slots=True)
class AssembledLayer:
    """A layer with its objects in their final order and the paths of their files (relative to the output root)."""

    layer: PlannedLayer
    objects: tuple[tuple[str, RenderedObject], ...]


@dataclass(frozen=True, slots=True)
class AssembledCluster:
    """A planned cluster with the objects of its layers."""

    planned: PlannedCluster
    layers: tuple[AssembledLayer, ...]

    @property
    def name(self) -> str:
        return self.planned.name

    def files(self) -> Iterator[OutputFile]:
        """The files of all objects."""
        for assembled in self.layers:
            for path, rendered in assembled.objects:
                yield OutputFile(
                    path=path,
                    content=rendered.content,
                    sha256=rendered.sha256,
                    cluster=self.name,
                    layer=assembled.layer.name,
                    template=rendered.template,
                    object=rendered.id,
                )

    def images(self) -> tuple[str, ...]:
        """Every container image of the cluster's objects, sorted."""
        return tuple(sorted({image for a in self.layers for _, rendered in a.objects for image in rendered.images}))
