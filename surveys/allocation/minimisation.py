"""Minimisation after Pocock and Simon 1975, Biometrics 31, 103-115."""

from collections.abc import Mapping

from explanations.imagesets.dice import Dice
from surveys.allocation.scheme import Drawn, Scheme, Standing

ALGORITHM = "minimisation-1"  # part of every seed, because another algorithm would give other arms
PARTS = 1_000_000
"""Number of parts to which the probability is rounded, because whole numbers are the same on every
machine.
"""


def draw(scheme: Scheme, levels: Mapping[str, str], standing: Standing) -> Drawn:
    """Draw the arm with the least imbalance with ``probability``, else one of the other arms.

    The imbalance of a factor is the variance of the arms' sizes at the person's level. All factors
    and the total sizes of the arms have equal weight. The variance is least where the sum of these
    sizes is least. An arm of ratio r is treated as r arms, which keeps its probability at its ratio
    throughout (Kuznetsova and Tymofyeyev 2012, Statistics in Medicine 31, 701-723). Ties are broken
    with equal probability.
    """
    sizes = {
        (share.arm, copy): _size((share.arm, copy), levels, standing)
        for share in scheme.shares
        if not standing.is_full(share)
        for copy in range(1, share.ratio + 1)
    }
    least = min(sizes.values())
    best = [candidate for candidate, size in sizes.items() if size == least]
    others = [candidate for candidate in sizes if candidate not in best]
    dice = Dice(ALGORITHM, scheme.key, standing.allocated)
    # Following the balance always would make the next arm predictable (Pocock and Simon 1975).
    follows = dice.below(PARTS) < round(scheme.probability * PARTS)
    arm, copy = dice.choice(best if follows or not others else others)
    return Drawn(arm, copy=copy)


def _size(candidate: tuple[str, int], levels: Mapping[str, str], standing: Standing) -> int:
    """Return the size of the arm plus its size at each of the levels."""
    alike = (standing.marginals.get((*candidate, *level), 0) for level in levels.items())
    return standing.totals.get(candidate, 0) + sum(alike)
