"""Speed of the engine, compared with the libraries' own loops, run alternately on the same images.

Run from the repository, on a machine that does nothing else:

    .venv/bin/python -m benchmarks.explanations            # three rows, two images each
    .venv/bin/python -m benchmarks.explanations --growth   # cost and memory from 16 images on
    .venv/bin/python -m benchmarks.explanations --levers   # LIME with and without each lever
    .venv/bin/python -m benchmarks.explanations --gpu      # the last row; needs a CUDA device

A ratio is the libraries' seconds over the engine's. The floor is the time that the needed products
would take at the matrix rate measured in the same run. Winograd convolutions and the shared first
block need fewer products than are counted, so a share above 100 % is possible.
"""

import argparse
import contextlib
import copy
import functools
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from unittest import mock

import numpy as np
import torch
from captum.attr import LayerGradCam
from numpy.typing import NDArray

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.computing import memory, mixing
from explanations.engine import METHODS, Engine
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.scenes import generate
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.protocol import image_seed
from explanations.methods.saliency import Saliency
from explanations.verification import reference_methods

Images = NDArray[np.uint8]
FORWARD = 158e6
"""Multiply-adds of the VGG13 for an image."""
SIZES = (16, 64, 256, 1024, 4096, 10_000)
"""Numbers of images whose cost and memory are compared."""
FIVE = FORWARD * (2 + 2 * 50 + 100 + 1000)
REPORT_SET = FORWARD * (2 + 2 * 50 + 1000 + 1000)


def libraries(
    classifier: Classifier, image: Images, target: int, background: Background
) -> dict[str, float]:
    """Measure the five methods by captum, shap and lime in seconds. shap computes in float32, its
    usual type."""
    seed = image_seed(content_hash(image), "lime")
    seconds = {}
    for key in METHODS:
        explainer = catalogue.get(key).explainer()
        if key == "deepshap":
            seconds[key] = _seconds(
                lambda: reference_methods.deepshap_of_type(
                    torch.float32, classifier, image, target, background
                )
            )
        elif key == "lime":
            seconds[key] = _seconds(
                lambda explainer=explainer: reference_methods.lime_explanation(
                    explainer, classifier, image, target, seed, batch_size=10
                )
            )
        else:
            # The lambdas bind their variables as defaults, because the loop would change them.
            reference = getattr(reference_methods, key)
            seconds[key] = _seconds(
                lambda reference=reference, explainer=explainer: reference(
                    explainer, classifier, image, target, seed, background
                )
            )
    return seconds


def report_set_by_libraries(
    classifier: Classifier, image: Images, target: int, background: Background
) -> float:
    """Measure the five methods, Grad-CAM and saliency of 15 layers, and SHAP for ten classes."""
    five = libraries(classifier, image, target, background)
    network = copy.deepcopy(classifier.network)
    pixels = classifier.normalise(image[None]).requires_grad_()

    def layers() -> None:
        for module in network.conv_layers:
            LayerGradCam(network, module).attribute(pixels, target=target)

    def all_classes() -> None:
        for number in range(10):
            reference_methods.deepshap_of_type(torch.float32, classifier, image, number, background)

    return sum(five.values()) - five["deepshap"] + _seconds(all_classes) + 2 * _seconds(layers)


def by_engine(engine: Engine, image: Images, target: int) -> dict[str, float]:
    """Measure each method in a call of its own. In a common call they share the gradient pass."""
    return {
        key: _seconds(lambda key=key: engine.explain(image[None], [target], (key,)))
        for key in METHODS
    }


def report_set_by_engine(engine: Engine, image: Images, target: int) -> float:
    """Measure the source report's set by the engine, in seconds."""
    four = [key for key in METHODS if key != "deepshap"]
    return _seconds(lambda: engine.explain(image[None], [target], four, layers=True)) + _seconds(
        lambda: engine.explain(image[None], "all", ("deepshap",))
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--weights", default="weights/cifar10.safetensors")
    parser.add_argument("--growth", type=int, nargs="*", metavar="IMAGES")
    parser.add_argument("--levers", action="store_true")
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    images = np.stack([scene.image for scene in generate("test", options.images, 0)])
    background = Background(np.stack([scene.image for scene in generate("train", 100, 0)]))
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    if options.growth is not None:
        growth(options.weights, background, options.growth or SIZES)
    elif options.levers:
        levers(options.weights, images)
    elif options.gpu:
        on_gpu(options.weights, background)
    else:
        rows(options.weights, images, background)


def rows(weights: str, images: Images, background: Background) -> None:
    """Print the table of methods and the rows of docs/explanations.md."""
    classifier = Classifier.load(weights)
    rate = matrix_rate()
    print(f"matrix products: {rate / 1e9:.0f} G multiply-adds a second")
    engines = {name: Engine(classifier, background, name) for name in ("strict", "fast")}
    for engine in engines.values():
        engine.explain(images[:1], methods=("deepshap", "lime"))  # the background is recorded
    targets = classifier.probabilities(images).argmax(1)
    theirs, ours, reports = [], {name: [] for name in engines}, []
    for image, target in zip(images, targets, strict=True):
        theirs.append(libraries(classifier, image, int(target), background))
        for name, engine in engines.items():
            ours[name].append(by_engine(engine, image, int(target)))
        reports.append(
            (
                report_set_by_libraries(classifier, image, int(target), background),
                report_set_by_engine(engines["fast"], image, int(target)),
            )
        )
    print("ms an image:", *METHODS, "all", sep="\t")
    for name, by_image in {"libraries": theirs, **ours}.items():
        means = [1000 * statistics.mean(seconds[key] for seconds in by_image) for key in METHODS]
        print(name, *(f"{mean:.0f}" for mean in (*means, sum(means))), sep="\t")
    total = statistics.mean(sum(seconds.values()) for seconds in theirs)
    for name, by_image in ours.items():
        mean = statistics.mean(sum(seconds.values()) for seconds in by_image)
        _print_row(f"five methods, {name}", total, mean, FIVE / rate)
    their_report, our_report = (statistics.mean(column) for column in zip(*reports, strict=True))
    _print_row("the source report's set, fast", their_report, our_report, REPORT_SET / rate)


def growth(weights: str, background: Background, sizes: Sequence[int]) -> None:
    """Print cost and memory by number of images, with few samples, so that it takes minutes.

    The code paths are the usual ones. Cost is CPU time, which other work on the machine disturbs
    less than elapsed time.
    """
    quick = {
        "gradcam": GradCam(),
        "saliency": Saliency(),
        "integrated_gradients": IntegratedGradients(steps=2),
        "deepshap": DeepShap(),
        "lime": Lime(samples=8),
    }
    engine = Engine(Classifier.load(weights), Background(background.images[:2]))
    scenes = np.stack([scene.image for scene in generate("test", 64, 1)])
    # The first call records the background, which does not depend on the number of images.
    engine.explain(scenes[:1], methods=quick)
    for count in sizes:
        images = np.resize(scenes, (count, *scenes.shape[1:]))
        started = time.process_time()
        engine.explain(images, methods=quick)
        each = 1000 * (time.process_time() - started) / count
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{count} images: {each:.1f} processor ms an image, peak {peak:.0f} MB", flush=True)


def levers(weights: str, images: Images) -> None:
    """Print LIME's time, measured alternately unchanged, without patterns, in larger pieces, and
    fast."""
    classifier = Classifier.load(weights)
    ways: dict[str, tuple[str, dict[str, object]]] = {
        "strict": ("strict", {}),
        "without patterns": ("strict", {"patterns": lambda *_: None}),
        "pieces of 64 MB": ("strict", {"CACHE_BYTES": 64 << 20}),
        "fast": ("fast", {}),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for image in images:
        for name, (precision, changed) in ways.items():
            with contextlib.ExitStack() as stack:
                for attribute, value in changed.items():
                    place = mixing if hasattr(mixing, attribute) else memory
                    stack.enter_context(mock.patch.object(place, attribute, value))
                # A new engine for each lever, because an engine caches what it has computed.
                engine = Engine(classifier, precision=precision)
                work = functools.partial(engine.explain, image[None], None, ("lime",))
                seconds[name].append(min(_seconds(work) for _ in range(2)))
    for name, found in seconds.items():
        print(f"LIME, {name}: {statistics.mean(found):.2f} s an image")


def on_gpu(weights: str, background: Background) -> None:
    """Compare 10,000 images by the engine with a few by the libraries' loops, on one device."""
    classifier = Classifier.load(weights, "cuda")
    few = np.stack([scene.image for scene in generate("test", 8, 0)])
    many = np.concatenate([few] * 1250)
    target = classifier.probabilities(few).argmax(1)
    libraries(classifier, few[0], int(target[0]), background)
    theirs = [
        sum(libraries(classifier, image, int(one), background).values())
        for image, one in zip(few, target, strict=True)
    ]
    engine = Engine(classifier, background, "fast")
    engine.explain(few)
    seconds = _seconds(lambda: engine.explain(many))
    print(f"libraries {statistics.mean(theirs):.2f} s an image; engine {seconds:.1f} s for 10,000")
    print(f"ratio {statistics.mean(theirs) * len(many) / seconds:.0f}")


def matrix_rate(size: int = 4096) -> float:
    """Measure multiply-adds per second of a float32 matrix product, the best of five."""
    matrix = torch.randn(size, size)
    return size**3 / min(_seconds(lambda: matrix @ matrix) for _ in range(5))


def _print_row(work: str, theirs: float, ours: float, floor: float) -> None:
    print(
        f"{work}: libraries {theirs:.2f} s, engine {ours:.2f} s, ratio {theirs / ours:.2f}; "
        f"floor {floor:.2f} s, {floor / ours:.0%} of it reached"
    )


def _seconds(work: Callable[[], object]) -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
