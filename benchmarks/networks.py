"""Every method on torchvision's networks with random weights, next to the libraries' own numbers.

    .venv/bin/python -m benchmarks.networks [NAME ...]

Without names, all networks are computed and the table in docs/explanations.md is written. Weights
are random, so nothing is downloaded; batch normalisation has seen a few batches, because fresh
statistics let deep networks return the same logits for every image. Images have an odd size where
the network allows it, one of them has a flat half, in which units of image and reference agree
exactly, and they are explained together, while the libraries see one.

Each network is computed in float64, where what is left is the difference of the methods, and in
float32, where a unit at the kink of its ReLU may count as active in one and inactive in the other.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torchvision import models

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.computing.chain import Chain
from explanations.engine import Engine
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.gradient_shap import GradientShap
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.occlusion import Occlusion
from explanations.methods.protocol import image_seed
from explanations.methods.saliency import Saliency
from explanations.methods.smoothgrad import SmoothGrad
from explanations.verification.comparison import verify

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanations.md"
BEGIN, END = "<!-- networks: written by benchmarks.networks -->", "<!-- end of networks -->"
NETWORKS = {
    "resnet18": 65, "resnet50": 65, "densenet121": 65, "mobilenet_v3_large": 65,
    "efficientnet_b0": 65, "convnext_tiny": 65, "vit_b_16": 64, "swin_t": 64, "alexnet": 95,
    "squeezenet1_1": 65, "vgg11_bn": 64,
}  # fmt: skip
"""Size of the images by network, in pixels."""
METHODS: dict[str, Any] = {
    "gradcam": GradCam(),
    "saliency": Saliency(),
    "smoothgrad": SmoothGrad(samples=5),
    "integrated_gradients": IntegratedGradients(steps=8),
    "gradient_shap": GradientShap(samples=5),
    "deepshap": DeepShap(),
    "lime": Lime(samples=30, segments=12),
    "occlusion": Occlusion(window=0.4, step=0.3),
}
"""Few samples and steps: each of them is compared."""
Rows = Mapping[tuple[str, str], Sequence["Compared"]]
BATCHES, COUNT, REFERENCES = 6, 2, 2


@dataclass(frozen=True)
class Compared:
    """A method on a network: largest difference from a library, or why the method is refused."""

    method: str
    oracle: str
    difference: float
    refusal: str = ""


def classifier_of(name: str) -> Classifier:
    """Return a torchvision network with random weights, always the same, as a classifier."""
    size = NETWORKS[name]
    torch.manual_seed(0)
    sized = {"image_size": size} if name == "vit_b_16" else {}
    network = models.get_model(name, weights=None, **sized)
    if name == "vit_b_16":
        nn.init.normal_(network.heads.head.weight, std=0.05)  # zeros before training
    network = _settled(network, size).eval().requires_grad_(False)
    names = tuple(f"class {number}" for number in range(1000))
    mean, std = torch.full((3,), 0.45), torch.full((3,), 0.25)
    return Classifier(network, mean, std, names, image_size=size)


def _settled(network: nn.Module, size: int) -> nn.Module:
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
        if isinstance(module, nn.Dropout) or type(module).__name__ == "StochasticDepth":
            module.eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for _ in range(BATCHES):
            network(torch.randn(4, 3, size, size, generator=generator))
    return network


def pictures(count: int, size: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return images with large and small structures. The first has a flat half."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (count, 8, 8, 3))
    cells = np.arange(size) * 8 // size
    coarse = coarse[:, cells][:, :, cells]
    images = (coarse + generator.integers(-30, 31, coarse.shape)).clip(0, 255).astype(np.uint8)
    images[0, : size // 2] = 90
    return images


def compare(name: str, dtype: torch.dtype = torch.float64) -> list[Compared]:
    """Compare each method's map of one image, computed in a batch, with its library's."""
    classifier, size = classifier_of(name), NETWORKS[name]
    classifier.network.to(dtype)
    images = pictures(COUNT, size)
    background = Background(pictures(REFERENCES, size, seed=1))
    engine = Engine(classifier, background)
    refused = engine.refusals(METHODS)
    used = {key: method for key, method in METHODS.items() if key not in refused}
    found = engine.explain(images, methods=used)
    rows = []
    for key, explainer in METHODS.items():
        if key in refused:
            rows.append(Compared(key, "", 0.0, refused[key]))
            continue
        entry, seed = catalogue.get(key), image_seed(content_hash(images[0]), key)
        target = int(found.targets[0])
        verified = verify(
            entry, explainer, classifier, images[0], target, seed, background, found[key][0]
        )
        # An empty map equals every other empty map and would prove nothing.
        assert verified is not None and not found[key][0].is_empty, key  # noqa: PT018
        rows.append(Compared(key, verified.library, verified.largest_difference))
    return rows


def table(by_network: Rows) -> str:
    """Return the table: two rows per network, a column per method."""
    heads = ["network, pixels", "path", "type", *(catalogue.get(key).label for key in METHODS)]
    lines = [heads, ["---"] * len(heads)]
    for (name, dtype), rows in by_network.items():
        cells = ["refused" if row.refusal else _number(row.difference) for row in rows]
        lines.append([f"{name}, {NETWORKS[name]}", _path(name), dtype, *cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _path(name: str) -> str:
    network = Engine(classifier_of(name)).workspace.network
    return "chain" if isinstance(network, Chain) else "any"


def refusals(by_network: Rows) -> str:
    """Return the table of refusals: network, method and message."""
    lines = [["network", "method", "message"], ["---"] * 3]
    lines += [
        [name, f"`{row.method}`", row.refusal]
        for (name, dtype), rows in by_network.items()
        for row in rows
        if row.refusal and dtype == "float32"
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}".replace("e-0", "e-")


def renewed(page: str, text: str) -> str:
    """Return the page with another text between the markers."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{text}{END}{rest.split(END)[1]}"


def main(names: Sequence[str], say: Callable[[str], object] = print) -> None:
    """Compare the named networks, or all and write the page."""
    by_network: dict[tuple[str, str], Sequence[Compared]] = {}
    for name in names or NETWORKS:
        for dtype in (torch.float64, torch.float32):
            rows = by_network[name, str(dtype).removeprefix("torch.")] = compare(name, dtype)
            cells = (f"{row.method} {row.refusal or _number(row.difference)}" for row in rows)
            say(f"{name} {dtype}: {'; '.join(cells)}")
    if not names:
        page = PAGE.read_text(encoding="utf-8")
        text = table(by_network) + "\n" + refusals(by_network)
        PAGE.write_text(renewed(page, text), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
