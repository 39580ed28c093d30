"""Everything that was measured, from which each claim of the report is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explanations.source_report.measuring import Numbers
from explanations.source_report.verdicts import OPEN, REPEATED, Line


@dataclass(frozen=True, eq=False)
class Evidence:
    """Numbers by network, and the cards and results that the page quotes."""

    labels: Mapping[str, str]
    depth: Mapping[str, Numbers] = field(default_factory=dict)
    """Numbers of all modules and of saliency, by network."""
    methods: Mapping[str, Numbers] = field(default_factory=dict)
    """Numbers of Integrated Gradients, SHAP and LIME, by network."""
    trainings: Mapping[str, Numbers] = field(default_factory=dict)
    """Numbers of LIME for two trainings, by network; empty without weights of a second one."""
    objects: Numbers = field(default_factory=dict)
    """Numbers of the synthetic scenes, whose objects are known."""
    cards: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    study: Mapping[str, Any] | None = None
    """Results of a study, as run_analysis writes them."""
    evaluation: Mapping[str, Any] | None = None
    """Results of evaluate_explanations on CIFAR-10."""


MEASURED, REASONED = "measured", "reasoned"
TESTED, UNTESTED = "tested, undecided", "not testable here"
"""Bases of an open verdict: with numbers that do not decide it, or without any."""


@dataclass(frozen=True)
class Judged:
    """A verdict, with what was measured and the rule that was applied."""

    verdict: str
    measured: str
    lines: Sequence[Line] = ()

    @property
    def basis(self) -> str:
        """Return how the verdict was reached: by numbers or by reasons alone; or why it is open."""
        if self.verdict == REPEATED:
            return REPEATED
        if self.verdict == OPEN:
            return TESTED if self.lines else UNTESTED
        return MEASURED if any(line.verdict for line in self.lines) else REASONED


NOT_MEASURED = "Nothing was measured on this machine: see the list of what is missing."


def not_measured() -> Judged:
    """Return the verdict of a claim without any number."""
    return Judged(OPEN, NOT_MEASURED)
