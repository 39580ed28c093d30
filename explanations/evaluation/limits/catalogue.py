"""The limits that are known of each method, each as numbers: one list, as that of the measures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explanations.evaluation.subject import Subject

HERE = "explanations.evaluation.limits"


@dataclass(frozen=True)
class Limit:
    """One known weakness of one method; its function returns ``level|quantity`` by image."""

    key: str
    method: str
    table: str
    """Limits of the same table stand together in the report."""
    path: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    every_image: bool = False
    """Whether it is read off the maps that are there, so that no subsample is needed."""

    def of(self, subject: "Subject") -> dict[str, float]:
        """The numbers of one image, by ``level|quantity``."""
        module, _, name = self.path.rpartition(".")
        function: Callable[..., dict[str, float]] = getattr(import_module(f"{HERE}.{module}"), name)
        return function(subject, **self.parameters)


@dataclass(frozen=True)
class Table:
    """What stands above the numbers of one limit."""

    key: str
    label: str
    text: str
    quantities: Mapping[str, str]
    """Column headings by quantity."""


_AGREE = {"spearman": "Rank correlation", "top_overlap": "Top 10 % in common"}
TABLES = (
    Table(
        "gradcam_depth",
        "Grad-CAM by depth",
        "The map of every feature module, rectified and enlarged. Empty maps localise at chance.",
        {
            "empty": "Empty maps",
            "pointing": "Pointing game",
            "mass": "Mass on the object",
            "auc": "Pixel AUC",
        },
    ),
    Table(
        "saliency_noise",
        "Saliency and noise",
        "Saliency compared with SmoothGrad, its mean over 32 copies of the image with Gaussian "
        "noise. The halves of the copies agree with each other as the last column but one says.",
        {
            **_AGREE,
            "single": "With one noisy copy",
            "halves": "SmoothGrad's halves",
            "auc": "Pixel AUC",
        },
    ),
    Table(
        "ig_baselines",
        "Integrated Gradients and its baseline",
        "Maps of two baselines compared: signed values for the correlation, sizes for the overlap.",
        {**_AGREE, "auc": "Pixel AUC of sizes"},
    ),
    Table(
        "deepshap_background",
        "DeepSHAP and its background",
        "Maps of two backgrounds of the same size that share no image. The error is the distance "
        "of the two maps in shares of their length.",
        {"error": "Error", **_AGREE},
    ),
    Table(
        "lime_samples",
        "LIME, seeds and samples",
        "Maps of two seeds on the same patches. Shown are the five strongest patches.",
        {"spearman": "Rank correlation", "shown": "Shown patches in common", "r2": "R²"},
    ),
    Table(
        "lime_segmentation",
        "LIME and its segmentation",
        "Maps on other patches compared with those on SLIC's 64.",
        {**_AGREE, "patches": "Patches", "r2": "R²"},
    ),
)

BACKGROUND_SIZES = (10, 25, 50, 100, 200, 400)
LIMITS: tuple[Limit, ...] = (
    Limit("gradcam_depth", "gradcam", "gradcam_depth", "depth.gradcam_by_depth", every_image=True),
    Limit("saliency_noise", "saliency", "saliency_noise", "noise.saliency_noise"),
    Limit(
        "ig_baselines",
        "integrated_gradients",
        "ig_baselines",
        "baselines.integrated_gradients_by_baseline",
    ),
    *(
        Limit(
            f"deepshap_background_{size}",
            "deepshap",
            "deepshap_background",
            "backgrounds.deepshap_by_background",
            {"size": size},
        )
        for size in BACKGROUND_SIZES
    ),
    Limit("lime_samples", "lime", "lime_samples", "lime.lime_by_samples"),
    Limit("lime_segmentation", "lime", "lime_segmentation", "lime.lime_by_segmentation"),
)
