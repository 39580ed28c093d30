"""Processor time and peak memory of the five methods at 224 pixels, next to the libraries.

    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.at_224 [vgg16 resnet18] \
        [--methods saliency,lime] [--samples 200] [--steps 10] [--references 4] [--rounds 2]

The networks are torchvision's with random weights. LIME has a fifth of its usual samples,
Integrated Gradients a fifth of its steps, and SHAP 4 references of the usual 100, because shap
would need some 50 GB for 100; the last rows calculate the sums for the usual numbers, in
proportion.

Engine and library take turns, each in a process of its own that is forked after both are loaded:
its peak memory is what the method needs on top. Before the clock starts, each computes a map of a
tiny network, because the first call of a library also imports, and what is made once for all
images is made: shap's explainer and the engine's record of the references, whose memory counts.
Processor time is that of one thread, so other work on the machine disturbs it less than the clock.

shap's DeepExplainer fails at ResNet18, so GradientSHAP is measured next to its GradientExplainer,
outside the sums. pytorch-grad-cam is measured if it is installed: pip install grad-cam==1.5.7,
which brings OpenCV (150 MB) and therefore is not among this project's requirements.
"""

import argparse
import copy
import ctypes
import json
import os
import statistics
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import shap
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
from explanations.methods.gradient_shap import GradientShap
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.protocol import image_seed
from explanations.methods.saliency import Saliency
from explanations.verification import reference_methods

SIZE, ROUNDS, TARGET = 224, 2, 3
NETWORKS = ("vgg16", "resnet18")
FAST, GRAD_CAM = "lime, fast", "pytorch-grad-cam"
KEYS = (*METHODS, FAST, GRAD_CAM, "gradient_shap")
USUAL = {"lime": 1000, "integrated_gradients": 50, "deepshap": 100}
"""Samples, steps and references of a usual run."""
KEEPING = ("integrated_gradients", "deepshap", "gradient_shap")
ABSENT = "not installed: pip install grad-cam==1.5.7"
Measured = tuple[float, float] | str
"""Processor seconds and megabytes, or the name of an error."""


@dataclass(frozen=True)
class Amounts:
    """How much is computed: samples of LIME, steps of Integrated Gradients, references of SHAP."""

    lime: int = 200
    integrated_gradients: int = 10
    deepshap: int = 4

    def explainer(self, method: str) -> Any:
        """Return a method with these amounts."""
        return {
            "gradcam": GradCam(),
            "saliency": Saliency(),
            "integrated_gradients": IntegratedGradients(steps=self.integrated_gradients),
            "deepshap": DeepShap(),
            "lime": Lime(samples=self.lime),
            "gradient_shap": GradientShap(samples=self.integrated_gradients),
        }[method]

    def times(self, method: str) -> float:
        """Return how many times as much a usual run computes."""
        return USUAL[method] / getattr(self, method) if method in USUAL else 1.0


@dataclass(frozen=True)
class Work:
    """A computation to be measured."""

    run: Callable[[], object]
    ready: Callable[[], object] = lambda: None
    """What is done once for all images: its memory counts, its time does not."""


@dataclass(frozen=True)
class Given:
    """What a method explains."""

    classifier: Classifier
    image: NDArray[np.uint8]
    background: Background
    amounts: Amounts


def main(names: Sequence[str], keys: Sequence[str], amounts: Amounts, rounds: int) -> None:
    """Print a table for each network."""
    for name in names:
        background = Background(pictures(amounts.deepshap, seed=1))
        given = Given(classifier_of(name), pictures(1)[0], background, amounts)
        print(f"\n{name}, {SIZE} pixels, torch {torch.__version__}, one thread, {amounts}\n")
        print("| method | library, s | engine, s | ratio | library, MB | engine, MB |")
        print("|---|---|---|---|---|---|")
        seconds: dict[str, tuple[float, float]] = {}
        for key in keys:
            theirs, ours = in_turns(key, given, rounds)
            print(row(key, theirs, ours), flush=True)
            if key == FAST and "lime" in seconds and not isinstance(ours, str):
                seconds[key] = (seconds["lime"][0], ours[0])
            elif not isinstance(theirs, str) and not isinstance(ours, str):
                seconds[key] = (theirs[0], ours[0])
        print("\n".join(sums(seconds, amounts)), flush=True)


def sums(seconds: Mapping[str, tuple[float, float]], amounts: Amounts) -> list[str]:
    """Return the rows of the sums of the five methods, as far as both sides were measured."""
    five = {key: both for key, both in seconds.items() if key in METHODS}
    kinds = {"strict": five}
    if FAST in seconds and "lime" in five:
        kinds["LIME in fast arithmetic"] = five | {"lime": seconds[FAST]}
    lines = []
    for kind, values in kinds.items():
        here = [sum(both[side] for both in values.values()) for side in (0, 1)]
        usual = [
            sum(both[side] * amounts.times(key) for key, both in values.items()) for side in (0, 1)
        ]
        words = f"sum of {len(values)} methods, {kind}"
        lines += [
            f"| {words} | {here[0]:.1f} | {here[1]:.1f} | {_ratio(*here)} | | |",
            f"| {words}, calculated for the usual numbers | {usual[0]:.0f} | {usual[1]:.0f} "
            f"| {_ratio(*usual)} | | |",
        ]
    return lines


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


def in_turns(key: str, given: Given, rounds: int = ROUNDS) -> tuple[Measured, Measured]:
    """Measure a method by its library and by the engine, in turns."""
    if key == GRAD_CAM and find_spec("pytorch_grad_cam") is None:
        return ABSENT, ABSENT
    both: tuple[list[Measured], list[Measured]] = ([], [])
    background = Background(tiny_pictures(2, seed=1))
    tiny = Given(chain(), tiny_pictures(1)[0], background, given.amounts)

    def measured(way: Callable[[str, Given], Work]) -> Measured:
        def prepared() -> Work:
            if key != GRAD_CAM:  # it names the layers of the two networks only
                first = way(key, tiny)
                first.ready()
                first.run()
            return way(key, given)

        return in_a_process(prepared)

    for _ in range(rounds):
        # lime is measured in the row of strict arithmetic.
        both[0].append(measured(library) if key != FAST else "see lime")
        both[1].append(measured(engine))
    return _middle(both[0]), _middle(both[1])


def engine(key: str, given: Given) -> Work:
    """Return the engine's computation, with the network prepared."""
    method = key.partition(",")[0] if key != GRAD_CAM else "gradcam"
    explainers = {method: given.amounts.explainer(method)}
    used = given.background if catalogue.get(method).needs_background else None
    prepared = Engine(given.classifier, used, "fast" if key == FAST else "strict")
    prepared.refusals(explainers)  # looks at the network once, not for every image

    def explain(image: NDArray[np.uint8]) -> object:
        return prepared.explain(image[None], [TARGET], explainers)

    # The first image's map also keeps what references or baseline have in common for all images.
    first = given.image[::-1].copy() if method in KEEPING else None
    ready = (lambda: None) if first is None else (lambda: explain(first))
    return Work(lambda: explain(given.image), ready)


def library(key: str, given: Given) -> Work:
    """Return the library's computation."""
    if key == GRAD_CAM:
        return Work(_by_pytorch_grad_cam(given.classifier, given.image))
    method = key.partition(",")[0]
    explainer, seed = given.amounts.explainer(method), image_seed(content_hash(given.image), method)
    if method in ("deepshap", "gradient_shap"):
        return _by_shap(method, given)
    if method == "lime":
        return Work(
            lambda: reference_methods.lime_explanation(
                explainer, given.classifier, given.image, TARGET, seed, batch_size=10
            )
        )
    return Work(_by_captum(key, given))


def _by_shap(method: str, given: Given) -> Work:
    """Return shap's computation of the target's logit, with its explainer made once."""
    network: Any = copy.deepcopy(given.classifier.network)
    for module in network.modules():
        if getattr(module, "inplace", False) is True:  # shap's hooks forbid it
            module.inplace = False
    pixels, references = (
        given.classifier.normalise(images).contiguous()
        for images in (given.image[None], given.background.images)
    )
    kind = shap.DeepExplainer if method == "deepshap" else shap.GradientExplainer
    more: dict[str, Any] = {"check_additivity": False}
    if method == "gradient_shap":
        more = {"nsamples": given.amounts.integrated_gradients, "rseed": 0}
    made: list[Any] = []
    return Work(
        lambda: made[0].shap_values(pixels, **more),
        lambda: made.append(kind(_OneLogit(network), references)),
    )


class _OneLogit(nn.Module):
    """The target's logit, (n, 1), because shap runs a network once per output."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(pixels)
        return logits[:, TARGET : TARGET + 1]


def _by_captum(key: str, given: Given) -> Callable[[], object]:
    """Return captum's call alone: the tests' reference also prepares the engine, to find a layer
    and a baseline."""
    network: Any = given.classifier.network
    image = given.image
    pixels, black = (
        given.classifier.normalise(pictured[None]).contiguous()
        for pictured in (image, np.zeros_like(image))
    )
    pixels.requires_grad_()
    if key == "saliency":
        return lambda: CaptumSaliency(network).attribute(pixels, target=TARGET).amax(1)
    if key == "gradcam":
        cam = LayerGradCam(network, _last_layer(network))
        size = image.shape[:2]
        return lambda: enlarged(cam.attribute(pixels, target=TARGET).relu(), size, "bilinear")
    steps = given.amounts.integrated_gradients
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


def in_a_process(make: Callable[[], Work]) -> Measured:
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
            before = _peak_kilobytes()
            work.ready()
            started = os.times()
            work.run()
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
    parser.add_argument("--samples", type=int, default=Amounts.lime, help="of LIME")
    parser.add_argument(
        "--steps",
        type=int,
        default=Amounts.integrated_gradients,
        help="of Integrated Gradients, and samples of GradientSHAP",
    )
    parser.add_argument("--references", type=int, default=Amounts.deepshap, help="of SHAP")
    asked = parser.parse_args()
    named = asked.methods.split(",") if asked.methods else [key.partition(",")[0] for key in KEYS]
    chosen = [key for key in KEYS if key.partition(",")[0] in named]
    amount = Amounts(asked.samples, asked.steps, asked.references)
    main(asked.networks, chosen, amount, asked.rounds)
