"""Catalogue of the methods' known limits, each as numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from explanations.translatable import gettext_noop

if TYPE_CHECKING:
    from explanations.evaluation.subject import Subject


@dataclass(frozen=True)
class Limit:
    """A known weakness of a method. Its function returns ``level|quantity`` for an image."""

    key: str
    method: str
    table: str
    """Limits of one table are shown together in the report."""
    path: str
    """Dotted path of the function, resolved when it is first needed."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    every_image: bool = False
    """Whether the limit is computed from existing maps, so that it needs no subsample."""

    def of(self, subject: "Subject") -> dict[str, float]:
        """Compute the numbers of an image, by ``level|quantity``."""
        module, _, name = self.path.rpartition(".")
        function: Callable[..., dict[str, float]] = getattr(import_module(module), name)
        return function(subject, **self.parameters)


@dataclass(frozen=True)
class Table:
    """Heading and text above the numbers of a limit."""

    key: str
    label: str
    text: str
    quantities: Mapping[str, str]
    """Column headings by quantity."""


_LOCATED = {
    "pointing": "Pointing game",
    "mass": "Mass on the object",
    "auc": "Pixel AUC",
}
_SPREAD = {
    "half": "Cells above half of the maximum",
    "entropy": "Entropy",
    "blocks": "Strongest 4 of 16 blocks",
    "random_blocks": "The same, random weights",
}
_AGREE = {"spearman": "Rank correlation", "top_overlap": "Top 10 % in common"}
TABLES = (
    Table(
        "gradcam_depth",
        gettext_noop("Grad-CAM by depth"),
        "The map of every feature module, rectified and enlarged. Empty maps localise at chance. "
        "The spread is of the rectified map at its own resolution, without empty maps; the blocks "
        "divide every map into the same 4 x 4 fields, so that they alone can be compared between "
        "modules (even: .25).",
        {"empty": "Empty maps", **_LOCATED, **_SPREAD},
    ),
    Table(
        "saliency_depth",
        gettext_noop("Saliency by depth"),
        "The absolute gradient by the output of every feature module, largest over the channels, "
        "enlarged in squares. The columns are those of Grad-CAM by depth.",
        {**_LOCATED, **_SPREAD},
    ),
    Table(
        "saliency_noise",
        gettext_noop("Saliency and noise"),
        "Saliency compared with SmoothGrad, the mean of saliency over 32 copies of the image with "
        "Gaussian noise. The column of the halves gives the agreement of SmoothGrad's two halves.",
        {
            **_AGREE,
            "single": "With one noisy copy",
            "halves": "SmoothGrad's halves",
            "auc": "Pixel AUC",
        },
    ),
    Table(
        "ig_baselines",
        gettext_noop("Integrated Gradients and its baseline"),
        "Comparison of the maps of two baselines: signed values for the correlation, absolute "
        "values for the overlap.",
        {**_AGREE, "auc": "Pixel AUC of absolute values"},
    ),
    Table(
        "deepshap_background",
        gettext_noop("DeepSHAP and its background"),
        "Comparison of the maps of two disjoint backgrounds of the same size. The error "
        "is the distance of the two maps, relative to their length.",
        {"error": "Error", **_AGREE},
    ),
    Table(
        "lime_samples",
        gettext_noop("LIME, seeds and samples"),
        "Comparison of the maps of two seeds on the same patches. Participants see the five "
        "strongest patches.",
        {"spearman": "Rank correlation", "shown": "Shown patches in common", "r2": "R²"},
    ),
    Table(
        "lime_segmentation",
        gettext_noop("LIME and its segmentation"),
        "Comparison of maps on other patches with the map on SLIC's 64 patches.",
        {**_AGREE, "patches": "Patches", "r2": "R²"},
    ),
)

BACKGROUND_SIZES = (10, 25, 50, 100, 200, 400)
LIMITS: tuple[Limit, ...] = (
    Limit(
        "gradcam_depth",
        "gradcam",
        "gradcam_depth",
        "explanations.evaluation.limits.depth.gradcam_by_depth",
        every_image=True,
    ),
    Limit(
        "saliency_depth",
        "saliency",
        "saliency_depth",
        "explanations.evaluation.limits.depth.saliency_by_depth",
        every_image=True,
    ),
    Limit(
        "saliency_noise",
        "saliency",
        "saliency_noise",
        "explanations.evaluation.limits.noise.saliency_noise",
    ),
    Limit(
        "ig_baselines",
        "integrated_gradients",
        "ig_baselines",
        "explanations.evaluation.limits.baselines.integrated_gradients_by_baseline",
    ),
    *(
        Limit(
            f"deepshap_background_{size}",
            "deepshap",
            "deepshap_background",
            "explanations.evaluation.limits.backgrounds.deepshap_by_background",
            {"size": size},
        )
        for size in BACKGROUND_SIZES
    ),
    Limit(
        "lime_samples",
        "lime",
        "lime_samples",
        "explanations.evaluation.limits.lime.lime_by_samples",
    ),
    Limit(
        "lime_segmentation",
        "lime",
        "lime_segmentation",
        "explanations.evaluation.limits.lime.lime_by_segmentation",
    ),
)
