"""Noise of saliency, as the distance of the map from SmoothGrad's mean over noisy copies of the
image."""

import numpy as np
import torch

from explanations.attribution import Floats
from explanations.classifier.exact import exact_arithmetic
from explanations.computing.gradients import gradient_pass
from explanations.evaluation.measures.localisation import area_under_roc
from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.subject import Subject

SPREADS = (0.05, 0.15, 0.30)
"""Standard deviation of the noise, as a share of the image's range of values."""
COPIES = 32
AT_ONCE = 16


def saliency_noise(subject: Subject) -> dict[str, float]:
    """Compare saliency with SmoothGrad (Smilkov et al. 2017) for each spread of noise.

    ``halves`` is the correlation between SmoothGrad over one half of the copies and over the other
    half: the part of the difference that results from the finite number of copies.
    """
    plain = _saliencies(subject, subject.pixels[None])[0]
    mask = subject.case.mask if subject.case.has_object else None
    values = {} if mask is None else {"no noise|auc": area_under_roc(plain, mask)}
    reach = float(subject.pixels.max() - subject.pixels.min())
    for spread in SPREADS:
        # Each spread has its own seed, so that its noise does not depend on the other spreads.
        seed = subject.case.seed("smoothgrad", str(spread), subject.setting.seed)
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn((COPIES, *subject.pixels.shape), generator=generator)
        copies = subject.pixels + noise.to(subject.pixels) * spread * reach
        maps = _saliencies(subject, copies)
        smooth = maps.mean(0)
        level = f"noise {spread:.0%}"
        values[f"{level}|spearman"] = spearman(plain, smooth)
        values[f"{level}|top_overlap"] = top_overlap(plain, smooth)
        values[f"{level}|halves"] = spearman(maps[::2].mean(0), maps[1::2].mean(0))
        values[f"{level}|single"] = spearman(plain, maps[0])
        if mask is not None:
            values[f"{level}|auc"] = area_under_roc(smooth, mask)
    return values


def _saliencies(subject: Subject, pixels: torch.Tensor) -> Floats:
    """Compute the largest absolute gradient over the channels, with shape (n, height, width)."""
    network = subject.setting.engine.workspace.network
    pieces = []
    with exact_arithmetic():
        for first in range(0, len(pixels), AT_ONCE):
            some = network.enter(pixels[first : first + AT_ONCE])
            targets = torch.full((len(some), 1), subject.case.predicted, device=some.device)
            pieces.append(gradient_pass(network, some, targets, []).inputs[:, 0].abs().amax(1))
    maps: Floats = torch.cat(pieces).float().cpu().numpy()
    return np.ascontiguousarray(maps)
