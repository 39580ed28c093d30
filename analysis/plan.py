"""The analysis plan, written before the data; and the lists of what a plan can ask for.

A new kind of outcome, or a new analysis, is a function and one line in KINDS or ANALYSES.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

Cell = str | int | float
Population = Literal["completed", "randomised"]
POPULATIONS: tuple[Population, ...] = ("completed", "randomised")


@dataclass(frozen=True)
class OutcomeKind:
    """How one score per participant comes about: `path` names (StudyData, Outcome) → Series."""

    key: str
    label: str
    needs: tuple[str, ...]  # fields of Outcome that must be given
    population: Population  # unless the outcome names another
    path: str


@dataclass(frozen=True)
class Analysis:
    """What is done with the scores: `path` names (table, Outcome, Plan, labels) → its results."""

    key: str
    label: str
    path: str


KINDS = (
    OutcomeKind(
        "scale",
        "mean of a scale's items, after reversal",
        ("scale",),
        "completed",
        "analysis.scoring.scale_score",
    ),
    OutcomeKind(
        "trial_mean",
        "mean of a trial column over the participant's answered trials",
        ("column",),
        "randomised",
        "analysis.scoring.trial_mean",
    ),
)
ANALYSES = (
    Analysis("one_way", "Welch ANOVA between arms, with its company", "analysis.one_way.one_way"),
)


@dataclass(frozen=True)
class Outcome:
    """One thing that the study measures; the fields are the keys of [[outcomes]] in plan.toml."""

    key: str
    label: str
    kind: str
    family: str = "primary"
    analysis: str = "one_way"
    population: Population = "completed"
    scale: str | None = None
    column: str | None = None
    where: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The whole plan; `arms` in the order of the report, `control` one of them."""

    title: str
    control: str
    arms: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    alpha: float = 0.05
    mix_simulated_and_real: bool = False

    @property
    def level(self) -> float:
        """Level of the intervals that go with two-sided tests at alpha."""
        return 1 - self.alpha

    @property
    def families(self) -> Mapping[str, tuple[Outcome, ...]]:
        """Outcomes by family, in the plan's order."""
        names = dict.fromkeys(outcome.family for outcome in self.outcomes)
        return {
            name: tuple(outcome for outcome in self.outcomes if outcome.family == name)
            for name in names
        }


def kind_of(outcome: Outcome) -> OutcomeKind:
    """The entry of KINDS that the outcome names."""
    return next(kind for kind in KINDS if kind.key == outcome.kind)


def analysis_of(outcome: Outcome) -> Analysis:
    """The entry of ANALYSES that the outcome names."""
    return next(analysis for analysis in ANALYSES if analysis.key == outcome.analysis)


def resolve(path: str) -> Callable[..., Any]:
    """The function behind a dotted path; imported only now."""
    module, _, name = path.rpartition(".")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function
