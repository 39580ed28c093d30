"""Infidelity (Yeh et al. 2019) in its scaled form: prediction of the logit's loss by a
map's sums."""

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.evaluation.subject import Subject

SQUARES = 64
SIDE_SHARE = 4
"""Image width divided by a square's width: 8 pixels for a width of 32."""


def infidelity(subject: Subject) -> dict[str, float]:
    """Compute the share of the logit's squared changes that the map does not predict, 0 to 1.

    64 random squares of the image are set to the mean colour. The map predicts a change in
    proportion to its sum over the square; the best factor is fitted for each map, because the
    methods' units differ. An empty map predicts nothing, so its infidelity is 1.
    """
    masks = squares(
        subject.case.image.shape[:2], subject.case.seed("squares", subject.setting.seed)
    )
    hidden = torch.from_numpy(masks).to(subject.pixels.device)[:, None]
    inputs = torch.where(hidden, subject.baseline("mean"), subject.pixels)
    logits = subject.setting.logits(torch.cat([subject.pixels[None], inputs]))
    logit = logits[:, subject.case.predicted].double().cpu().numpy()
    lost = logit[0] - logit[1:]
    return {
        name: unexplained(np.einsum("nhw,hw->n", masks, relevance.astype(np.float64)), lost)
        for name, relevance in subject.maps.items()
    }


def unexplained(predicted: NDArray[np.float64], lost: NDArray[np.float64]) -> float:
    """Compute min over b of mean (b * foretold - lost)², as a share of mean lost²."""
    if not lost.any():
        return 0.0 if not predicted.any() else 1.0
    power = float(predicted @ predicted)
    if power == 0:
        return 1.0
    return float(1 - (predicted @ lost) ** 2 / (power * float(lost @ lost)))


def squares(size: tuple[int, ...], seed: int) -> NDArray[np.bool_]:
    """Draw the pixels that each random square covers, as bool with shape (64, height, width)."""
    height, width = size
    side = max(1, width // SIDE_SHARE)
    generator = np.random.default_rng(seed)
    tops = generator.integers(0, height - side + 1, SQUARES)
    lefts = generator.integers(0, width - side + 1, SQUARES)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    return np.stack(
        [
            (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
            for top, left in zip(tops, lefts, strict=True)
        ]
    )
