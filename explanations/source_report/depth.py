"""Numbers of Grad-CAM and saliency at every feature module, for one image.

Maps of different modules have different resolutions. A share of cells, or an entropy, of a 4 x 4
map cannot be compared with that of a 32 x 32 map. ``strongest_blocks`` therefore sums each map in
the same 4 x 4 blocks first.
"""

import numpy as np
from numpy.typing import NDArray

from explanations.attribution import Floats
from explanations.computing.gradients import GradientPass
from explanations.evaluation.measures.complexity import relative_entropy

BLOCKS = 4
"""Blocks along each side, which is the size of the last module's map."""
STRONGEST = 4
CHANCE = STRONGEST / BLOCKS**2


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
