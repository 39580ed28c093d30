"""The five methods in fast arithmetic, with and without Winograd convolutions.

Run from the repository, on a machine that does nothing else and has no CUDA device:

    .venv/bin/python -m benchmarks.winograd                      # 11 pairs of runs
    .venv/bin/python -m benchmarks.winograd --pairs 1 --images 1   # a smoke run

Both variants explain the same images alternately within a single run, and their order changes from
pair to pair, so that a change of the processor's clock affects both. A ratio above 1 means that
Winograd convolutions are faster.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

from explanations.classifier.checkpoint import Classifier
from explanations.computing.winograd.convolution import WinogradConv
from explanations.engine import METHODS, Engine
from explanations.imagesets.background import Background
from explanations.imagesets.scenes import generate

WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "cifar10.safetensors"
BACKGROUND = 100
"""Images of the background, as in the defaults."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--images", type=int, default=4)
    arguments = parser.parse_args()
    seconds = measured(arguments.pairs, arguments.images)
    for variant, values in seconds.items():
        print(
            f"{variant}: {statistics.median(values):.3f} s an image "
            f"({min(values):.3f}-{max(values):.3f})"
        )
    ratios = [without / with_ for with_, without in zip(*seconds.values(), strict=True)]
    print(
        f"without / with: median {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f}-{max(ratios):.3f}) over {len(ratios)} pairs"
    )


def measured(pairs: int, count: int) -> dict[str, list[float]]:
    """Return the seconds per image of each pair, by variant: "with" and "without"."""
    classifier = Classifier.load(WEIGHTS)
    images = np.stack([scene.image for scene in generate("test", count, 0)])
    background = Background(np.stack([scene.image for scene in generate("train", BACKGROUND, 0)]))
    engines = {name: Engine(classifier, background, "fast") for name in ("with", "without")}
    seconds: dict[str, list[float]] = {name: [] for name in engines}

    def explain(name: str) -> float:
        with _convolutions(name):
            started = time.perf_counter()
            engines[name].explain(images, methods=METHODS)
            return (time.perf_counter() - started) / count

    # The first call of each engine compiles and fills caches, so it is not measured.
    for name in engines:
        explain(name)
    for pair in range(pairs):
        for name in ("with", "without") if pair % 2 else ("without", "with"):
            seconds[name].append(explain(name))
    return seconds


@contextmanager
def _convolutions(variant: str) -> Iterator[None]:
    """Replace convolutions by Winograd's only in the variant "with"."""
    if variant == "with":
        yield
    else:
        with mock.patch.object(WinogradConv, "fits", staticmethod(lambda module: False)):
            yield


if __name__ == "__main__":
    main()
