"""The frozen values that pass between stages. No behaviour but naming.

What people write (`Settings`, `Profile`, `Cluster`, `Template`, `Macros`, `Pack`) makes a `Source`. What is to be done
(`Layer` → `PlannedLayer` with its `Part`s) makes a `Plan`. What came out (`RenderedObject`, `OutputFile`) is written.
Absent means empty, never None, unless absence itself means something.
"""

from compiler.kubernetes.selectors import Selector
from compiler.model.assembled import AssembledCluster, AssembledLayer
from compiler.model.clusters import Assignment, Cluster, Destination, Macros, NodePool, ProfileRef, Template
from compiler.model.overlays import (
    Image,
    ImageSwap,
    JsonOperation,
    JsonPatch,
    MacroOverlay,
    MergePatch,
    Operation,
    Overlay,
    Replicas,
    StrategicMerge,
    Target,
    Transform,
    WrittenOverlay,
)
from compiler.model.packs import Dependency, Pack, PackVersions, Preset, ResourceComponent, ResourceNeed
from compiler.model.planned import (
    ChartPart,
    GoTemplatePart,
    JinjaPart,
    LayerSource,
    ManifestPart,
    Part,
    Plan,
    PlannedCluster,
    PlannedLayer,
    ScopedOverlay,
    UndeclaredValue,
)
from compiler.model.profiles import (
    INFRA_TYPES,
    LAYER_TYPES,
    AllowedObject,
    ChartRef,
    Layer,
    LayerDestination,
    LayerSettings,
    LayerType,
    ManifestRef,
    PackRef,
    Policy,
    Profile,
    ProfileType,
    Values,
)
from compiler.model.rendered import CrdInfo, OutputFile, RenderedObject, text_file
from compiler.model.rendering import OWN_NAMESPACE, Engine, LayerResult, LayerTask, RandomField, failed
from compiler.model.settings import ArgocdOptions, FluxOptions, Settings
from compiler.model.source import Source
from compiler.model.tree import TreeFile
from compiler.model.variables import Option, Variable
from compiler.ports import Registry

__all__ = [
    "INFRA_TYPES",
    "LAYER_TYPES",
    "OWN_NAMESPACE",
    "AllowedObject",
    "ArgocdOptions",
    "AssembledCluster",
    "AssembledLayer",
    "Assignment",
    "ChartPart",
    "ChartRef",
    "Cluster",
    "CrdInfo",
    "Dependency",
    "Destination",
    "Engine",
    "FluxOptions",
    "GoTemplatePart",
    "Image",
    "ImageSwap",
    "JinjaPart",
    "JsonOperation",
    "JsonPatch",
    "Layer",
    "LayerDestination",
    "LayerResult",
    "LayerSettings",
    "LayerSource",
    "LayerTask",
    "LayerType",
    "MacroOverlay",
    "Macros",
    "ManifestPart",
    "ManifestRef",
    "MergePatch",
    "NodePool",
    "Operation",
    "Option",
    "OutputFile",
    "Overlay",
    "Pack",
    "PackRef",
    "PackVersions",
    "Part",
    "Plan",
    "PlannedCluster",
    "PlannedLayer",
    "Policy",
    "Preset",
    "Profile",
    "ProfileRef",
    "ProfileType",
    "RandomField",
    "Registry",
    "RenderedObject",
    "Replicas",
    "ResourceComponent",
    "ResourceNeed",
    "ScopedOverlay",
    "Selector",
    "Settings",
    "Source",
    "StrategicMerge",
    "Target",
    "Template",
    "Transform",
    "TreeFile",
    "UndeclaredValue",
    "Values",
    "Variable",
    "WrittenOverlay",
    "failed",
    "text_file",
]
