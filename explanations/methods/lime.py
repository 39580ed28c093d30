"""LIME (Ribeiro et al. 2016): which patches matter when others are painted over."""

from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from typing import ClassVar

import numpy as np
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray
from skimage.segmentation import slic

from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.methods.protocol import Background, Image


@dataclass(frozen=True)
class Lime:
    """A weighted linear model of the class probability over patches that are shown or painted over.

    Patches are SLIC superpixels: lime's default, quickshift, finds one to three in a 32x32 image.
    A patch's coefficient is painted on its pixels; ``r2`` says how well the linear model fits.
    """

    version: ClassVar[int] = 1
    segments: int = 64
    compactness: float = 10.0
    sigma: float = 1.0
    samples: int = 1000
    kernel_width: float = 0.25

    def explain(
        self,
        classifier: Classifier,
        image: Image,
        target: int,
        seed: int,
        background: Background | None = None,
    ) -> Attribution:
        patches = self._patches(image)
        # A new explainer per image: it keeps its random state from one call to the next.
        explainer = LimeImageExplainer(
            kernel_width=self.kernel_width, feature_selection="none", random_state=seed
        )
        # lime draws a progress bar for every image and cannot be told not to.
        with redirect_stderr(StringIO()):
            explanation = explainer.explain_instance(
                image,
                classifier.probabilities,
                labels=(target,),
                top_labels=None,
                num_features=int(patches.max()) + 1,
                num_samples=self.samples,
                batch_size=256,
                segmentation_fn=lambda _: patches,
                random_seed=seed,
            )
        coefficients = np.zeros(int(patches.max()) + 1, dtype=np.float32)
        for patch, coefficient in explanation.local_exp[target]:
            coefficients[patch] = coefficient
        return Attribution(
            coefficients[patches],
            segments=patches.astype(np.uint8),
            diagnostics={
                "r2": float(explanation.score),
                "intercept": float(explanation.intercept[target]),
                "patches": len(coefficients),
            },
        )

    def _patches(self, image: Image) -> NDArray[np.int64]:
        """Patch numbers (height, width): 0 to K-1 without gaps, which lime takes for granted."""
        patches = slic(
            image,
            n_segments=self.segments,
            compactness=self.compactness,
            sigma=self.sigma,
            start_label=0,
            channel_axis=2,
        )
        _, numbered = np.unique(patches, return_inverse=True)
        if numbered.max() > np.iinfo(np.uint8).max:
            raise ValueError(f"{numbered.max() + 1} patches; LIME keeps at most 256. Ask for less.")
        return numbered.reshape(image.shape[:2])
