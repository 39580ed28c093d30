"""Processor time and peak memory of the five methods at 224 pixels, next to the libraries.

    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.at_224 [vgg16 resnet18]

The networks are torchvision's with random weights. Samples, steps and references are a 25th of the
defaults (LIME 40, Integrated Gradients 2, SHAP 4 references), so that the sum is about a 25th of
that of the defaults. Engine and library take turns, each in a process of its own that is forked
after both are loaded: its peak memory is what the method needs on top. Processor time is that of
one thread, so other work on the machine disturbs it less than the clock. pytorch-grad-cam is
measured if it can be imported.
"""

import json
import os
import statistics
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision import models

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.engine import METHODS, Engine
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.protocol import image_seed
from explanations.methods.saliency import Saliency
from explanations.verification import reference_methods

SIZE, REFERENCES, ROUNDS = 224, 4, 2
NETWORKS = ("vgg16", "resnet18")
FEW: dict[str, Any] = {
    "gradcam": GradCam(),
    "saliency": Saliency(),
    "integrated_gradients": IntegratedGradients(steps=2),
    "deepshap": DeepShap(),
    "lime": Lime(samples=40),
}
FAST = "lime, fast"
TARGET = 7
Measured = tuple[float, float] | str
"""Processor seconds and megabytes, or the name of an error."""


def main(names: list[str]) -> None:
    """Print a table for each network."""
    for name in names or NETWORKS:
        classifier = classifier_of(name)
        image, background = pictures(1)[0], Background(pictures(REFERENCES, seed=1))
        print(f"\n{name}, {SIZE} pixels, torch {torch.__version__}, one thread\n")
        print("| method | library, s | engine, s | ratio | library, MB | engine, MB |")
        print("|---|---|---|---|---|---|")
        sums = [0.0, 0.0]
        for key in (*METHODS, FAST, "pytorch-grad-cam"):
            theirs, ours = in_turns(key, classifier, image, background)
            print(row(key, theirs, ours), flush=True)
            if key in METHODS and not isinstance(theirs, str) and not isinstance(ours, str):
                sums = [sums[0] + theirs[0], sums[1] + ours[0]]
        print(f"| sum of compared methods | {sums[0]:.2f} | {sums[1]:.2f} | {_ratio(*sums)} | | |")


def classifier_of(name: str) -> Classifier:
    """Return a torchvision network with random weights, always the same."""
    torch.manual_seed(0)
    network = models.get_model(name, weights=None).eval().requires_grad_(False)
    names = tuple(f"class {number}" for number in range(1000))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return Classifier(network, mean, std, names, image_size=SIZE)


def pictures(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return images with large and small structures."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (count, 14, 14, 3)).repeat(16, axis=1).repeat(16, axis=2)
    return (coarse + generator.integers(-20, 21, coarse.shape)).clip(0, 255).astype(np.uint8)


def in_turns(
    key: str, classifier: Classifier, image: NDArray[np.uint8], background: Background
) -> tuple[Measured, Measured]:
    """Measure a method by its library and by the engine, in turns."""
    both: tuple[list[Measured], list[Measured]] = ([], [])
    for _ in range(ROUNDS):
        both[0].append(in_a_process(lambda: library(key, classifier, image, background)))
        both[1].append(in_a_process(lambda: engine(key, classifier, image, background)))
    return _middle(both[0]), _middle(both[1])


def engine(
    key: str, classifier: Classifier, image: NDArray[np.uint8], background: Background
) -> Callable[[], object]:
    """Return the engine's computation, with the network prepared."""
    method = key.partition(",")[0] if key != "pytorch-grad-cam" else "gradcam"
    used = background if catalogue.get(method).needs_background else None
    prepared = Engine(classifier, used, "fast" if key == FAST else "strict")
    prepared.refusals({method: FEW[method]})  # looks at the network once, not for every image
    return lambda: prepared.explain(image[None], [TARGET], {method: FEW[method]})


def library(
    key: str, classifier: Classifier, image: NDArray[np.uint8], background: Background
) -> Callable[[], object]:
    """Return the library's computation."""
    if key == "pytorch-grad-cam":
        return _by_pytorch_grad_cam(classifier, image)
    method = key.partition(",")[0]
    explainer, seed = FEW[method], image_seed(content_hash(image), method)
    if method == "deepshap":
        return lambda: reference_methods.deepshap_of_type(
            torch.float32, classifier, image, TARGET, background
        )
    if method == "lime":
        return lambda: reference_methods.lime_explanation(
            explainer, classifier, image, TARGET, seed, batch_size=10
        )
    reference = getattr(reference_methods, method)
    return lambda: reference(explainer, classifier, image, TARGET, seed, None)


def _by_pytorch_grad_cam(classifier: Classifier, image: NDArray[np.uint8]) -> Callable[[], object]:
    from pytorch_grad_cam import GradCAM  # measured only where it is installed
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network: Any = classifier.network
    layer = network.features[-2] if hasattr(network, "features") else network.layer4[-1]
    pixels = classifier.normalise(image[None]).contiguous()
    cam = GradCAM(model=network.requires_grad_(), target_layers=[layer])
    return lambda: cam(input_tensor=pixels, targets=[ClassifierOutputTarget(TARGET)])


def in_a_process(make: Callable[[], Callable[[], object]]) -> Measured:
    """Prepare and measure a computation in a forked process, with its peak memory on top."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work = make()
            # The peak is counted from here on, so that what is already in memory is not.
            Path("/proc/self/clear_refs").write_text("5")
            before, started = _peak_kilobytes(), os.times()
            work()
            done = os.times()
            seconds = done.user + done.system - started.user - started.system
            told: Any = [seconds, (_peak_kilobytes() - before) / 1024]
        except Exception as error:  # a library may fail in any way, which is a result
            traceback.print_exc()
            told = type(error).__name__
        os.write(writer, json.dumps(told).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as answer:
        told = json.loads(answer.read() or b'"killed"')
    return told if isinstance(told, str) else (float(told[0]), float(told[1]))


def _peak_kilobytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def _middle(measured: list[Measured]) -> Measured:
    pairs = [pair for pair in measured if not isinstance(pair, str)]
    if not pairs:
        return measured[0]
    return min(seconds for seconds, _ in pairs), statistics.median(size for _, size in pairs)


def row(key: str, theirs: Measured, ours: Measured) -> str:
    """Return a row of the table."""
    ratio = "–"
    if not isinstance(theirs, str) and not isinstance(ours, str):
        ratio = _ratio(theirs[0], ours[0])
    seconds = [one if isinstance(one, str) else f"{one[0]:.2f}" for one in (theirs, ours)]
    sizes = ["–" if isinstance(one, str) else f"{one[1]:.0f}" for one in (theirs, ours)]
    return f"| {key} | {' | '.join(seconds)} | {ratio} | {' | '.join(sizes)} |"


def _ratio(theirs: float, ours: float) -> str:
    return f"{theirs / ours:.2f}" if ours else "–"


if __name__ == "__main__":
    main(sys.argv[1:])
