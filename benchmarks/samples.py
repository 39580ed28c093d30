"""How stable maps are with fewer samples or steps: rank correlation with a larger run.

    python -m benchmarks.samples --images 4

Each run draws other random numbers than the full run, so that the last row of a method shows what
chance alone does. The network is weights/scenes-128.safetensors; one thread, processor time.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from explanations.classifier.checkpoint import Classifier
from explanations.engine import explain
from explanations.imagesets.catalogue import open_image_set
from explanations.methods.gradient_shap import GradientShap
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.smoothgrad import SmoothGrad

WEIGHTS = Path(__file__).parent.parent / "weights" / "scenes-128.safetensors"
RUNS: dict[str, tuple[Callable[[int], Any], Sequence[int]]] = {
    "lime": (lambda count: Lime(samples=count), (100, 200, 500, 1000)),
    "smoothgrad": (lambda count: SmoothGrad(samples=count), (10, 25, 50, 100)),
    "gradient_shap": (lambda count: GradientShap(samples=count), (25, 50, 100, 200)),
    "integrated_gradients": (lambda count: IntegratedGradients(steps=count), (10, 25, 50, 100)),
}


def main() -> None:
    """Print a row for each method and number of samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    classifier = Classifier.load(WEIGHTS)
    source = open_image_set("scenes-128")
    images = np.stack([image.pixels for image in source.images("test", options.images)])
    background = np.stack([image.pixels for image in source.images("train", 50)])
    targets = classifier.probabilities(images).argmax(1).tolist()
    print("| method | samples or steps | rank correlation with the full run | seconds an image |")
    print("|---|---|---|---|")
    for key, (build, counts) in RUNS.items():

        def maps(count: int, seed: int) -> NDArray[np.float32]:
            explainers = {key: build(count)}  # noqa: B023 - called within this round
            found = explain(classifier, images, targets, explainers, background, seed)
            return found[key].relevance.reshape(len(images), -1)  # noqa: B023

        full = maps(counts[-1], seed=0)
        for count in counts:
            started = time.process_time()
            few = maps(count, seed=1)
            seconds = (time.process_time() - started) / len(images)
            agreement = np.mean(
                [spearmanr(one, other).statistic for one, other in zip(few, full, strict=True)]
            )
            print(f"| {key} | {count} | {agreement:.2f} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
