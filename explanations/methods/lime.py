"""LIME (Ribeiro et al. 2016), which measures how much each patch matters by painting over the
others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.segmentation import slic

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.doubling import relative_change, stages
from explanations.computing.mixing import Answers, Mixed, probabilities
from explanations.computing.needs import Need
from explanations.computing.ridge import Fit, cosine_weights, weighted_ridge
from explanations.computing.workspace import Batch, Workspace
from explanations.methods.protocol import flagged
from explanations.rendering.outlines import outlined_share

Patches = NDArray[np.int64]
POOR_FIT = 0.3
NEGLIGIBLE = 0.05
"""Change of the probability that no patch reaches where none matters."""
LEAST_SAMPLES = 100
"""Samples of the first map of a run with a tolerance: there should be more samples than patches."""
MOST_PATCHES = 256  # a patch's number is stored in a byte


@dataclass(frozen=True)
class Lime:
    """Weighted linear model of the class probability over patches that are shown or painted over.

    The numbers equal those of ``lime.LimeImageExplainer`` for the same patches, seed and
    probabilities. Patches are SLIC superpixels: lime's default, quickshift, yields only one to
    three patches in a 32x32 image. Each pixel gets the coefficient of its patch; ``r2`` measures
    the fit of the linear model, ``largest_weight`` how much the strongest patch changes the
    probability, and ``outlined_share`` how much of the total absolute weight the outlined patches
    carry. With ``precision`` ``fast``, the probabilities may be off by up to
    .001, measured on each image (``fast_error``). With a ``tolerance``, sampling stops when the
    relative change of the coefficients from one doubling of the samples to the next is at most the
    tolerance; ``samples`` is the maximum, ``samples_used`` what was needed, and
    ``relative_change`` the last change.
    """

    version: ClassVar[int] = 3
    needs: ClassVar[Sequence[Need]] = (Need.OUTPUTS,)
    segments: int = 64
    compactness: float = 10.0
    sigma: float = 1.0
    samples: int = 1000
    kernel_width: float = 0.25
    precision: str = "strict"
    tolerance: float | None = None

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise ValueError(f"samples is {self.samples}, but LIME needs at least 2.")
        if self.tolerance is not None and not 0 < self.tolerance < 1:
            raise ValueError(f"tolerance is {self.tolerance}, but must be between 0 and 1.")

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(forward=self.samples, mixed=self.samples)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        patches = [self.patches_of(image) for image in batch.images]
        mixed = [
            Mixed(image, painted_over(image, here), here, self.keeps(here.max() + 1, seed))
            for image, here, seed in zip(batch.images, patches, seeds, strict=True)
        ]
        relevance, diagnostics = [], []
        for image, mixture in enumerate(mixed):
            columns = self._columns(batch.workspace, mixture, batch.targets[image])
            coefficients = torch.stack([column.coefficients for column in columns])
            relevance.append(coefficients.float().cpu().numpy()[:, patches[image]])
            diagnostics.append([column.about(self.tolerance) for column in columns])
        return Attributions(
            np.ascontiguousarray(relevance, dtype=np.float32),
            segments=np.stack(patches).astype(np.uint8),
            diagnostics=diagnostics,
        )

    def _columns(
        self, workspace: Workspace, mixed: Mixed, targets: torch.Tensor
    ) -> list["_Column"]:
        """Return the linear model of each class. Each class stops by itself, so that its map does
        not depend on the other classes."""
        columns: dict[int, _Column] = {}
        before: _Fitted | None = None
        for fitted in self._fitted(workspace, mixed, targets):
            last = fitted.samples == self.samples
            for column in set(range(len(targets))) - columns.keys():
                here = fitted.column(column, before)
                if last or (self.tolerance is not None and here.change <= self.tolerance):
                    columns[column] = here
            if len(columns) == len(targets):
                break
            before = fitted
        return [columns[column] for column in range(len(targets))]

    def _fitted(
        self, workspace: Workspace, mixed: Mixed, targets: torch.Tensor
    ) -> Iterator["_Fitted"]:
        """Yield the linear models of more and more samples. Only new samples are computed."""
        answers: list[Answers] = []
        first = 0
        for count in stages(self.samples, LEAST_SAMPLES, self.tolerance):
            some = replace(mixed, keeps=mixed.keeps[first:count])
            answers += probabilities(workspace, [some], precision=self.precision)
            # Ridge regression in float64, as in scikit-learn: float32 would lose the small
            # coefficients.
            chosen = torch.cat([part.probabilities[:, targets] for part in answers]).double()
            yield _Fitted(self._fit(mixed.keeps[:count], chosen), count, tuple(answers))
            first = count

    def keeps(self, patches: int, seed: int) -> NDArray[np.bool_]:
        """Draw the patches that each sample shows, (samples, patches), as lime draws them for this
        seed."""
        draws = np.random.RandomState(seed).randint(0, 2, self.samples * patches)
        keeps = draws.reshape(self.samples, patches).astype(bool)
        keeps[0] = True
        return keeps

    def patches_of(self, image: NDArray[np.uint8]) -> Patches:
        """Return the patch number of each pixel, 0 to K-1 without gaps, on which lime relies.

        Raises ValueError if SLIC returns more patches than a byte can number.
        """
        patches = slic(
            image,
            n_segments=self.segments,
            compactness=self.compactness,
            sigma=self.sigma,
            start_label=0,
            channel_axis=2,
        )
        _, numbered = np.unique(patches, return_inverse=True)
        if numbered.max() >= MOST_PATCHES:
            raise ValueError(
                f"The image has {numbered.max() + 1} patches, but at most {MOST_PATCHES} can be "
                "stored. Lower `segments`."
            )
        return numbered.reshape(image.shape[:2])

    def _fit(self, keeps: NDArray[np.bool_], answers: torch.Tensor) -> Fit:
        shown = torch.from_numpy(keeps).to(answers)
        return weighted_ridge(shown, answers, cosine_weights(shown, self.kernel_width))


def painted_over(image: NDArray[np.uint8], patches: Patches) -> NDArray[np.uint8]:
    """Return the image with every patch in its mean colour, rounded down as lime does."""
    count = int(patches.max()) + 1
    sizes = np.bincount(patches.ravel(), minlength=count)
    means = [
        np.bincount(patches.ravel(), image[..., channel].ravel(), minlength=count) / sizes
        for channel in range(3)
    ]
    colours = np.stack(means, axis=1).astype(np.uint8)
    return colours[patches]


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Linear models of some classes, by a number of samples."""

    fit: Fit
    samples: int
    answers: tuple[Answers, ...]

    def column(self, number: int, before: "_Fitted | None") -> "_Column":
        """Return the model of a class, with its change since fewer samples; 1 if there is none."""
        coefficients = self.fit.coefficients[:, number]
        change = (
            relative_change(coefficients, before.fit.coefficients[:, number]) if before else 1.0
        )
        return _Column(self, number, coefficients, change)


@dataclass(frozen=True, eq=False)
class _Column:
    """The linear model of a class."""

    fitted: _Fitted
    number: int
    coefficients: torch.Tensor
    """Coefficients, float64 with shape (patches,)."""
    change: float

    def about(self, tolerance: float | None) -> dict[str, Any]:
        """Return the diagnostics."""
        about = {"patches": len(self.coefficients)} | _computed(self.fitted.answers)
        quality = _quality(self.fitted.fit, self.number)
        if tolerance is None:
            return about | quality
        stopped = {"samples_used": self.fitted.samples, "relative_change": self.change}
        missed = flagged(tolerance_not_reached=self.change > tolerance)["flags"]
        return about | stopped | quality | {"flags": [*quality["flags"], *missed]}


def _computed(answers: Sequence[Answers]) -> dict[str, Any]:
    """Describe how the probabilities of all samples were computed."""
    errors = [part.fast_error for part in answers if part.fast_error is not None]
    about = {
        "rows": sum(part.computed for part in answers),
        "arithmetic": " and ".join(dict.fromkeys(part.arithmetic for part in answers)),
    }
    return about | ({"fast_error": max(errors)} if errors else {})


def _quality(fit: Fit, column: int) -> dict[str, Any]:
    r2 = float(fit.r2[column])
    constant = bool(fit.constant[column])
    weights = fit.coefficients[:, column].cpu().numpy()
    largest = float(np.abs(weights).max())
    about = {
        "r2": r2,
        "intercept": float(fit.intercepts[column]),
        "largest_weight": largest,
        "outlined_share": outlined_share(weights),
    }
    # The order of patches that all matter little is mostly noise, however bright it is drawn.
    return about | flagged(
        one_patch=len(fit.coefficients) == 1,
        no_patch_matters=not constant and largest < NEGLIGIBLE,
        constant_probability=constant,
        poor_fit=not constant and r2 < POOR_FIT,
    )
