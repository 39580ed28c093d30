"""The tables of a plan that stand beside its outcomes (planlists/further.py).

Each class is a table, each field a key of it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class BayesPrior:
    """Cauchy prior of the standardised difference: half of it lies within ± `scale`."""

    scale: float = 0.5**0.5


@dataclass(frozen=True)
class MediationPlan:
    """Keys of outcomes: arm → mediators, in this order → outcome; `runs` bootstrap samples."""

    outcome: str
    mediators: tuple[str, ...]
    runs: int = 5000
    seed: int = 0
