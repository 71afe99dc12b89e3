"""The frozen values that pass between stages. No behaviour but naming.

What people write (`Settings`, `Profile`, `Cluster`, `Template`, `Macros`, `Pack`) makes a `Source`. What is to be done
(`Layer` → `PlannedLayer` with its `Part`s) makes a `Plan`. What came out (`RenderedObject`, `OutputFile`) is written.
Absent means empty, never None, unless absence itself means something.
"""

from compiler.model.clusters import Assignment, Cluster, Destination, Macros, NodePool, ProfileRef, Selector, Template
from compiler.model.packs import Dependency, Pack, Preset, ResourceComponent, ResourceNeed, Source
from compiler.model.planned import (
    ChartPart,
    GoTemplatePart,
    JinjaPart,
    ManifestPart,
    Part,
    Plan,
    PlannedCluster,
    PlannedLayer,
    ScopedOverlay,
)
from compiler.model.profiles import (
    INFRA_TYPES,
    LAYER_TYPES,
    ChartRef,
    Layer,
    LayerSettings,
    LayerType,
    ManifestRef,
    PackRef,
    Policy,
    Profile,
    ProfileType,
    Values,
)
from compiler.model.rendered import CrdInfo, OutputFile, RenderedObject
from compiler.model.settings import ArgocdOptions, FluxOptions, Registry, Settings

__all__ = [
    "INFRA_TYPES",
    "LAYER_TYPES",
    "ArgocdOptions",
    "Assignment",
    "ChartPart",
    "ChartRef",
    "Cluster",
    "CrdInfo",
    "Dependency",
    "Destination",
    "FluxOptions",
    "GoTemplatePart",
    "JinjaPart",
    "Layer",
    "LayerSettings",
    "LayerType",
    "Macros",
    "ManifestPart",
    "ManifestRef",
    "NodePool",
    "OutputFile",
    "Pack",
    "PackRef",
    "Part",
    "Plan",
    "PlannedCluster",
    "PlannedLayer",
    "Policy",
    "Preset",
    "Profile",
    "ProfileRef",
    "ProfileType",
    "Registry",
    "RenderedObject",
    "ResourceComponent",
    "ResourceNeed",
    "ScopedOverlay",
    "Selector",
    "Settings",
    "Source",
    "Template",
    "Values",
]
