"""The tables of a plan that stand beside its outcomes (planlists/further.py).

Each class is a table, each field a key of it.
"""

from dataclasses import dataclass
from typing import Literal

from analysis.planlists.kinds import POPULATIONS, Population

Model = Literal["means", "ranks", "odds", "mixed_odds"]


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


@dataclass(frozen=True)
class MultiversePlan:
    """Choices beside the planned ones, all combined; `outcomes` empty: every confirmatory one.

    `min_answered`: shares of a scale's items. `logarithms` of trial columns. `without_each_rule`:
    every exclusion left out in turn.
    """

    outcomes: tuple[str, ...] = ()
    populations: tuple[Population, ...] = POPULATIONS
    without_each_rule: bool = True
    min_answered: tuple[float, ...] = (0.5, 1.0)
    logarithms: bool = False
    models: tuple[Model, ...] = ("means", "ranks", "odds")


@dataclass(frozen=True)
class MeetingPlan:
    """What was measured of the maps beside what people made of them.

    `measures`: keys of evaluate_explanations. `outcomes`: keys of outcomes, every confirmatory one
    if empty.
    """

    measures: tuple[str, ...] = ("insertion_blur", "deletion_blur", "pointing_game")
    outcomes: tuple[str, ...] = ()
    seed: int = 0
