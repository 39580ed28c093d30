"""Saliency's noise: how far the map is from SmoothGrad's mean over noisy copies of the image."""

import numpy as np
import torch

from explanations.attribution import Floats
from explanations.computing.arithmetic import exact_arithmetic
from explanations.computing.gradients import gradient_pass
from explanations.evaluation.measures.localisation import area_under_roc
from explanations.evaluation.ranking import spearman, top_overlap
from explanations.evaluation.subject import Subject

SPREADS = (0.05, 0.15, 0.30)
"""Standard deviation of the noise, as a share of the image's range of values."""
COPIES = 32
AT_ONCE = 16


def saliency_noise(subject: Subject) -> dict[str, float]:
    """Of each spread of noise (Smilkov et al. 2017): rank correlation and overlap with saliency.

    ``halves`` is the correlation of SmoothGrad over one half of the copies with the other half:
    what the finite number of copies alone would take away.
    """
    plain = _saliencies(subject, subject.pixels[None])[0]
    mask = subject.case.mask if subject.case.has_object else None
    found = {} if mask is None else {"no noise|auc": area_under_roc(plain, mask)}
    reach = float(subject.pixels.max() - subject.pixels.min())
    for spread in SPREADS:
        seed = subject.case.seed("smoothgrad", str(spread), subject.setting.seed)
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn((COPIES, *subject.pixels.shape), generator=generator)
        copies = subject.pixels + noise.to(subject.pixels) * spread * reach
        maps = _saliencies(subject, copies)
        smooth = maps.mean(0)
        level = f"noise {spread:.0%}"
        found[f"{level}|spearman"] = spearman(plain, smooth)
        found[f"{level}|top_overlap"] = top_overlap(plain, smooth)
        found[f"{level}|halves"] = spearman(maps[::2].mean(0), maps[1::2].mean(0))
        found[f"{level}|single"] = spearman(plain, maps[0])
        if mask is not None:
            found[f"{level}|auc"] = area_under_roc(smooth, mask)
    return found


def _saliencies(subject: Subject, pixels: torch.Tensor) -> Floats:
    """Largest absolute gradient over the channels, (n, height, width)."""
    chain = subject.setting.engine.workspace.chain
    found = []
    with exact_arithmetic():
        for first in range(0, len(pixels), AT_ONCE):
            some = chain.enter(pixels[first : first + AT_ONCE])
            targets = torch.full((len(some), 1), subject.case.predicted, device=some.device)
            found.append(gradient_pass(chain, some, targets, []).inputs[:, 0].abs().amax(1))
    maps: Floats = torch.cat(found).float().cpu().numpy()
    return np.ascontiguousarray(maps)
