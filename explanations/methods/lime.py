"""LIME (Ribeiro et al. 2016), which measures how much each patch matters by painting over the
others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.segmentation import slic

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.mixing import Mixed, probabilities
from explanations.computing.needs import Need
from explanations.computing.ridge import Fit, cosine_weights, weighted_ridge
from explanations.computing.workspace import Batch
from explanations.methods.protocol import flagged
from explanations.rendering.outlines import outlined_share

Patches = NDArray[np.int64]
POOR_FIT = 0.3
NEGLIGIBLE = 0.05
"""Change of the probability that no patch reaches where none matters."""
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
    .001, measured on each image (``fast_error``).
    """

    version: ClassVar[int] = 3
    needs: ClassVar[Sequence[Need]] = (Need.OUTPUTS,)
    segments: int = 64
    compactness: float = 10.0
    sigma: float = 1.0
    samples: int = 1000
    kernel_width: float = 0.25
    precision: str = "strict"

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise ValueError(f"samples is {self.samples}, but LIME needs at least 2.")

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(forward=self.samples)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        patches = [self.patches_of(image) for image in batch.images]
        mixed = [
            Mixed(image, painted_over(image, here), here, self.keeps(here.max() + 1, seed))
            for image, here, seed in zip(batch.images, patches, seeds, strict=True)
        ]
        answers_by_image = probabilities(batch.workspace, mixed, precision=self.precision)
        relevance, diagnostics = [], []
        for image, answers in enumerate(answers_by_image):
            targets = batch.targets[image]
            # Ridge regression in float64, as in scikit-learn: float32 would lose the small
            # coefficients.
            chosen = answers.probabilities[:, targets].double()
            fit = self._fit(mixed[image].keeps, chosen)
            coefficients = fit.coefficients.float().cpu().numpy()  # (patches, k)
            relevance.append(coefficients[patches[image]].transpose(2, 0, 1))
            about = {"patches": len(coefficients)} | answers.about
            diagnostics.append([about | _quality(fit, column) for column in range(len(targets))])
        return Attributions(
            np.ascontiguousarray(relevance, dtype=np.float32),
            segments=np.stack(patches).astype(np.uint8),
            diagnostics=diagnostics,
        )

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
