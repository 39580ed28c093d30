"""Grad-CAM and saliency of each feature module: emptiness, localisation and spread.

Maps of different modules have different resolutions. A share of cells, or an entropy, of a 4 x 4
map cannot be compared with that of a 32 x 32 map. ``strongest_blocks`` therefore sums each map in
the same 4 x 4 blocks first.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.attribution import Floats
from explanations.classifier.exact import exact_arithmetic
from explanations.computing.gradients import GradientPass, gradient_pass
from explanations.computing.resizing import enlarged
from explanations.engine import Engine
from explanations.evaluation.measures.complexity import relative_entropy
from explanations.evaluation.measures.localisation import (
    area_under_roc,
    hit,
    mass_inside,
)
from explanations.evaluation.measures.randomisation import randomised_engine
from explanations.evaluation.subject import Subject

BLOCKS = 4
"""Blocks along each side, which is the size of the last module's map."""
STRONGEST = 4
CHANCE = STRONGEST / BLOCKS**2


def gradcam_by_depth(subject: Subject) -> dict[str, float]:
    """Compute, for every feature module, how Grad-CAM is spread and how well it localises.

    Maps are rectified, then enlarged. An empty map localises at chance and has no spread; without a
    mask, nothing is localised.
    """
    values: dict[str, float] = {}
    size = subject.case.image.shape[:2]
    spread = _spread(subject, "cam")
    for number, native in enumerate(subject.found.layers.values()):
        level = level_of(subject, number, native)
        relevance = rectified(native, size)
        values[f"{level}|empty"] = float(not relevance.any())
        values |= {f"{level}|{name}": value for name, value in _located(subject, relevance)}
        values |= {f"{level}|{name}": value for name, value in spread.get(number, {}).items()}
    return values


def saliency_by_depth(subject: Subject) -> dict[str, float]:
    """Compute, for the input and every feature module, how saliency is spread and localises.

    Saliency is the absolute gradient by the module's output, largest over its channels, and is
    enlarged in squares.
    """
    maps = _pass(subject.setting.engine, subject)
    values: dict[str, float] = {}
    size = subject.case.image.shape[:2]
    spread = _spread(subject, "saliency")
    for number, native in enumerate(maps.saliencies.values()):
        cells = native[0, 0].float().cpu().numpy()
        level = level_of(subject, number, cells)
        relevance = enlarged(native[:, :1].float().cpu(), (size[0], size[1]), "nearest")[0, 0]
        values |= {f"{level}|{name}": value for name, value in _located(subject, relevance.numpy())}
        values |= {f"{level}|{name}": value for name, value in spread.get(number, {}).items()}
    return values


def level_of(subject: Subject, number: int, native: Floats) -> str:
    """Return the name of a module's row: its place from 1, its kind and its resolution."""
    module = subject.setting.engine.workspace.chain.modules[number]
    kind = type(module).__name__.removesuffix("2d")
    return f"{number + 1}. {kind}, {native.shape[0]} x {native.shape[1]}"


def rectified(native: Floats, size: tuple[int, ...]) -> Floats:
    """Return the positive part at the size of the image, with shape (height, width)."""
    cells = torch.from_numpy(np.maximum(native, 0))[None, None]
    positive: Floats = enlarged(cells, (size[0], size[1]))[0, 0].numpy()
    return positive


def depth_numbers(maps: GradientPass) -> dict[str, float]:
    """Compute ``quantity:module`` for the only image and class of a pass.

    ``cam`` stands for the positive part of Grad-CAM, ``saliency`` for the absolute gradient by the
    module's output, largest over its channels.
    """
    numbers: dict[str, float] = {}
    for module, values in maps.cams.items():
        cam = np.maximum(values[0, 0].cpu().numpy(), 0)
        saliency = maps.saliencies[module][0, 0].cpu().numpy()
        numbers[f"cam_empty:{module}"] = float(not cam.any())
        for name, relevance in (("cam", cam), ("saliency", saliency)):
            # An empty map has no spread. It is counted as empty, and nowhere else.
            if relevance.any():
                numbers[f"{name}_entropy:{module}"] = relative_entropy(relevance)
                numbers[f"{name}_half:{module}"] = above_half(relevance)
                if not any(side % BLOCKS for side in relevance.shape):
                    numbers[f"{name}_blocks:{module}"] = strongest_blocks(relevance)
    return numbers


def above_half(relevance: Floats) -> float:
    """Compute the share of cells that exceed half of the largest value."""
    return float((relevance > relevance.max() / 2).mean())


def strongest_blocks(relevance: Floats) -> float:
    """Compute the share of the total that the strongest 4 of 4 x 4 blocks hold; even: .25."""
    rows, columns = relevance.shape
    if rows % BLOCKS or columns % BLOCKS:
        raise ValueError(
            f"The map has {rows} x {columns} cells, which do not form {BLOCKS} x {BLOCKS} equal "
            "blocks. Give a map whose sides are multiples of 4."
        )
    cut = relevance.astype(np.float64).reshape(BLOCKS, rows // BLOCKS, BLOCKS, columns // BLOCKS)
    sums: NDArray[np.float64] = np.sort(cut.sum((1, 3)).ravel())[::-1]
    return float(sums[:STRONGEST].sum() / sums.sum())


def _spread(subject: Subject, kind: str) -> dict[int, dict[str, float]]:
    """Return the spread by module, and its control, the network with random weights."""
    setting = subject.setting
    control = setting.last("randomised", 1.0, lambda: randomised_engine(setting, 1.0))
    spread: dict[int, dict[str, float]] = {}
    for prefix, engine in (("", setting.engine), ("random_", control)):
        for name, value in depth_numbers(_pass(engine, subject)).items():
            quantity, _, module = name.partition(":")
            of_kind, _, measure = quantity.partition("_")
            # The control is shown for the focus, which is comparable over modules.
            if of_kind == kind and measure != "empty" and (not prefix or measure == "blocks"):
                spread.setdefault(int(module), {})[f"{prefix}{measure}"] = value
    return spread


def _located(subject: Subject, relevance: Floats) -> Iterator[tuple[str, float]]:
    mask = subject.case.mask
    if mask is not None and subject.case.has_object:
        yield "pointing", hit(relevance, mask)
        yield "mass", mass_inside(relevance, mask)
        yield "auc", area_under_roc(relevance, mask)


def _pass(engine: Engine, subject: Subject) -> GradientPass:
    chain = engine.workspace.chain
    pixels = engine.workspace.pixels(subject.case.image[None])
    targets = torch.full((1, 1), subject.case.predicted, device=pixels.device)
    with exact_arithmetic():
        return gradient_pass(chain, chain.enter(pixels), targets, range(chain.features))
