"""Processor time and peak memory of the five methods at 224 pixels, next to the libraries.

    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.at_224 [vgg16 resnet18] \
        [--methods saliency,integrated_gradients] [--steps 6] [--rounds 4]

The networks are torchvision's with random weights. Samples, steps and references are a 25th of the
defaults (LIME 40, Integrated Gradients 2, SHAP 4 references), so that the sum is about a 25th of
that of the defaults. Engine and library take turns, each in a process of its own that is forked
after both are loaded: its peak memory is what the method needs on top. Before the clock starts,
each computes a map of a tiny network, because the first call of a library also imports. Processor
time is that of one thread, so other work on the machine disturbs it less than the clock.
pytorch-grad-cam is measured if it can be imported.
"""

import argparse
import ctypes
import json
import os
import statistics
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import LayerGradCam
from captum.attr import Saliency as CaptumSaliency
from numpy.typing import NDArray
from torch import nn
from torchvision import models

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.computing.resizing import enlarged
from explanations.contracts.methods import chain
from explanations.contracts.methods import pictures as tiny_pictures
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
KEYS = (*METHODS, FAST, "pytorch-grad-cam")
TARGET = 3
Measured = tuple[float, float] | str
"""Processor seconds and megabytes, or the name of an error."""


def main(names: Sequence[str], keys: Sequence[str], rounds: int) -> None:
    """Print a table for each network."""
    for name in names:
        classifier = classifier_of(name)
        image, background = pictures(1)[0], Background(pictures(REFERENCES, seed=1))
        print(f"\n{name}, {SIZE} pixels, torch {torch.__version__}, one thread\n")
        print("| method | library, s | engine, s | ratio | library, MB | engine, MB |")
        print("|---|---|---|---|---|---|")
        sums = [0.0, 0.0]
        for key in keys:
            theirs, ours = in_turns(key, classifier, image, background, rounds)
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
    key: str,
    classifier: Classifier,
    image: NDArray[np.uint8],
    background: Background,
    rounds: int = ROUNDS,
) -> tuple[Measured, Measured]:
    """Measure a method by its library and by the engine, in turns."""
    both: tuple[list[Measured], list[Measured]] = ([], [])

    def measured(way: Callable[..., Callable[[], object]]) -> Measured:
        def prepared() -> Callable[[], object]:
            if key != "pytorch-grad-cam":  # it names the layers of the two networks only
                way(key, chain(), tiny_pictures(1)[0], Background(tiny_pictures(2, seed=1)))()
            return way(key, classifier, image, background)

        return in_a_process(prepared)

    for _ in range(rounds):
        both[0].append(measured(library))
        both[1].append(measured(engine))
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
    return _by_captum(key, classifier, image)


def _by_captum(key: str, classifier: Classifier, image: NDArray[np.uint8]) -> Callable[[], object]:
    """Return captum's call alone: the tests' reference also prepares the engine, to find a layer
    and a baseline."""
    network: Any = classifier.network
    pixels, black = (
        classifier.normalise(pictured[None]).contiguous()
        for pictured in (image, np.zeros_like(image))
    )
    pixels.requires_grad_()
    if key == "saliency":
        return lambda: CaptumSaliency(network).attribute(pixels, target=TARGET).amax(1)
    if key == "gradcam":
        cam = LayerGradCam(network, _last_layer(network))
        size = image.shape[:2]
        return lambda: enlarged(cam.attribute(pixels, target=TARGET).relu(), size, "bilinear")
    steps = FEW[key].steps
    return lambda: CaptumIntegratedGradients(network).attribute(
        pixels, black, TARGET, n_steps=steps, method="gausslegendre", internal_batch_size=1
    )


def _last_layer(network: Any) -> nn.Module:
    """Return the layer that Grad-CAM reads: of a ResNet, a VGG, or the tiny chain."""
    if hasattr(network, "layer4"):
        layer: nn.Module = network.layer4[-1]
        return layer
    modules = network.features if hasattr(network, "features") else network[:6]
    return [module for module in modules if isinstance(module, nn.ReLU)][-1]


def _by_pytorch_grad_cam(classifier: Classifier, image: NDArray[np.uint8]) -> Callable[[], object]:
    from pytorch_grad_cam import GradCAM  # measured only where it is installed
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network: Any = classifier.network
    layer = _last_layer(network)
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
            # Memory that the preparation has freed must not hide what the method needs.
            ctypes.CDLL(None).malloc_trim(0)
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
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--methods", help="keys separated by commas; by default all")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--steps", type=int, default=2, help="of Integrated Gradients")
    asked = parser.parse_args()
    FEW["integrated_gradients"] = IntegratedGradients(steps=asked.steps)
    chosen = [key for key in KEYS if not asked.methods or key in asked.methods.split(",")]
    main(asked.networks, chosen, asked.rounds)
