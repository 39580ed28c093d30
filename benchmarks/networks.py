"""Every method on torchvision's networks with random weights, next to the libraries' own numbers.

    .venv/bin/python -m benchmarks.networks [NAME ...]

The rows of the named networks in docs/explanations.md are renewed, without names those of all.
Weights are random, so nothing is downloaded; batch normalisation has seen a few batches, because
fresh statistics let deep networks return the same logits for every image. Images have an odd size
where the network allows it. One of them has a flat half, in which units of image and reference
agree exactly. They are explained together, while the libraries see one.

Each network is computed in float64, where what is left is the difference of the methods, and in
float32, where a unit at the kink of its ReLU may count as active in one and inactive in the other.
"""

import sys
from collections.abc import Callable, Sequence
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
    "resnet18": 65, "resnet50": 33, "densenet121": 33, "mobilenet_v3_large": 33,
    "convnext_tiny": 33, "vit_b_16": 48, "swin_t": 33, "squeezenet1_1": 33, "vgg11_bn": 33,
    "alexnet": 65, "efficientnet_b0": 33,
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
BATCHES, COUNT, REFERENCES = 6, 2, 2
SPREAD, BLACK = 0.05, -1.8


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
        nn.init.normal_(network.heads.head.weight, std=0.1)  # zeros before training
    network = _settled(network, size).eval().requires_grad_(False)
    _flatten(network, size)
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


def _flatten(network: nn.Module, size: int) -> None:
    """Scale the last layer so that other images change the logits by SPREAD: untrained networks
    are so curved that a few steps of Integrated Gradients would miss most of a larger change."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        images = torch.randn(8, 3, size, size, generator=generator)
        images[0] = BLACK  # the baseline of Integrated Gradients
        logits = network(images)
    spread = float((logits - logits.mean(0)).abs().max())
    last = [module for module in network.modules() if isinstance(module, nn.Linear | nn.Conv2d)][-1]
    for values in last.parameters():
        values.data *= SPREAD / spread


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


def rows_of(name: str, dtype: str, compared: Sequence[Compared]) -> tuple[list[str], list[str]]:
    """Return a network's lines of the table of differences and of the table of refusals."""
    cells = ["refused" if row.refusal else _number(row.difference) for row in compared]
    line = [f"{name}, {NETWORKS[name]}", _path(name), dtype, *cells]
    refused = [
        [name, f"`{row.method}`", row.refusal]
        for row in compared
        if row.refusal and dtype == "float64"
    ]
    return [_line(line)], [_line(cells) for cells in refused]


def renewed(page: str, differences: Sequence[str], refused: Sequence[str]) -> str:
    """Return the page with these lines in place of the same networks' earlier lines."""
    before, rest = page.split(BEGIN)
    block, after = rest.split(END)
    lines = [line for line in block.splitlines() if line.startswith("| ")]
    old = [line for line in lines if line.split(" ")[1].endswith(",") and _name(line) in NETWORKS]
    old_refused = [line for line in lines if line.split(" ")[1] in NETWORKS]
    labels = [f"{catalogue.get(key).label} ({_oracle(key)})" for key in METHODS]
    tables = (
        (["network, pixels", "path", "type", *labels], _merged(old, differences)),
        (["network", "method", "message"], _merged(old_refused, refused)),
    )
    text = "\n".join(
        "\n".join([_line(heads), _line(["---"] * len(heads)), *lines]) + "\n"
        for heads, lines in tables
    )
    return f"{before}{BEGIN}\n{text}{END}{after}"


def _oracle(key: str) -> str:
    """Name what a method is compared with, where the network is no chain and where it is one."""
    reference = catalogue.get(key).reference
    assert reference is not None
    if not reference.for_other_networks:
        return reference.library
    return f"rule in float64; {reference.library} for a chain"


def _merged(old: Sequence[str], new: Sequence[str]) -> list[str]:
    names = {_name(line) for line in new}
    kept = [line for line in old if _name(line) not in names]
    return sorted([*kept, *new], key=lambda line: list(NETWORKS).index(_name(line)))


def _name(line: str) -> str:
    return line.split(" ")[1].rstrip(",")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _path(name: str) -> str:
    network = Engine(classifier_of(name)).workspace.network
    return "chain" if isinstance(network, Chain) else "any"


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}".replace("e-0", "e-")


def main(names: Sequence[str], say: Callable[[str], object] = print) -> None:
    """Compare the named networks, or all, and write their rows after each network."""
    for name in names or NETWORKS:
        differences: list[str] = []
        refused: list[str] = []
        for dtype in (torch.float64, torch.float32):
            lines = rows_of(name, str(dtype).removeprefix("torch."), compare(name, dtype))
            differences += lines[0]
            refused += lines[1]
        say("\n".join(differences))
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(renewed(page, differences, refused), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
