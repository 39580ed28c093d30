"""Tests and intervals of a mean that hold at every look, for estimates that are nearly normal.

If z has the drift δ / SE, then the ratio of the likelihoods of a normal mixture of effects and of
no effect is a martingale under no effect, so that it ever reaches 1/α with a probability of at most
α (Robbins, Annals of Mathematical Statistics 41, 1970). For means of data that are not normal this
holds approximately, from a sufficient number of participants on (Waudby-Smith, Arbour, Sinha,
Kennedy and Ramdas, Annals of Statistics 52, 2024).
"""

from math import exp, log, sqrt


def mixture_width(fraction: float, alpha: float) -> float:
    """Return the variance of the mixture in units of the estimate's variance at this fraction.

    It makes the interval narrowest at the planned end, where `fraction` is 1; the level does not
    depend on it. Raises ValueError for a fraction that is not above 0.
    """
    if fraction <= 0:
        raise ValueError(f"the fraction of information must be above 0, but is {fraction:g}")
    twice = -2 * log(alpha)
    return fraction * (twice + log(twice + 1))


def evidence(z: float, fraction: float, alpha: float = 0.05) -> float:
    """Return the e-value of z at this share of the planned information, against no effect."""
    width = mixture_width(fraction, alpha)
    # e-values beyond any use would overflow.
    return exp(min(z * z * width / (2 * (1 + width)) - log(1 + width) / 2, 700.0))


def always_valid(fraction: float, alpha: float = 0.05) -> float:
    """Return the half-width, in standard errors, of the interval that holds at every look."""
    width = mixture_width(fraction, alpha)
    return sqrt((1 + 1 / width) * (log(1 + width) - 2 * log(alpha)))
