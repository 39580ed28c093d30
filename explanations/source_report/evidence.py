"""Everything that was measured, from which each claim of the report is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explanations.source_report.measuring import Numbers
from explanations.source_report.verdicts import OPEN, STEPS, Line


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
    evaluations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Results of evaluate_explanations on CIFAR-10, by network."""
    others: Mapping[str, str] = field(default_factory=dict)
    """With what LIME's maps of a network were compared, by network."""


MEASURED, REASONED, SAME = "by measurement", "by reading", "as another row"
"""Bases of a verdict."""
TESTED = "measured, undecided"
PEOPLE = "needs people"
NOTHING = "nothing to measure"
UNDEFINED = "no criterion"
NOT_DONE = "could be measured, was not"
OUTSIDE = "outside this page"
UNSEEN = "report's picture or code unseen"
MISSING = "missing on this machine"
REASONS = {
    TESTED: "The row has numbers. They do not decide the sentence, or they contradict one another.",
    PEOPLE: "Only answers of people could decide it, alone or together with a measurement that the "
    "row names. The report has none, and the participants of the study on this page are synthetic. "
    "The platform's studies measure trust, and perceived and tested understanding, with and "
    "without each method.",
    NOTHING: "The sentence is an aim, a hope, a judgement of value, a definition or a figure of "
    "speech. No number could decide it.",
    UNDEFINED: "The report does not say what would count. A measurement would judge a definition "
    "of this project instead of the sentence.",
    NOT_DONE: "Numbers alone could decide it. The row names the measurement that is lacking.",
    OUTSIDE: "The sentence is about other networks, other fields, the literature or the law. It "
    "needs sources that neither the report nor this page has.",
    UNSEEN: "The sentence is about a picture or the code of the report, which are not in the text "
    "that this page judges.",
    MISSING: "The numbers could be measured, but not on the machine that made this page.",
}
"""Reasons why a sentence has no verdict, each with what it says about the sentence."""


@dataclass(frozen=True)
class Judged:
    """A verdict, with what was measured and the rule that was applied."""

    verdict: str
    measured: str
    lines: Sequence[Line] = ()
    reason: str = ""
    """Why there is no verdict, for a sentence that has no numbers or only numbers for
    comparison."""
    scope: str = ""
    """What the verdict is about, if it is not what the sentence is about."""
    same_as: str = ""
    """Key of the claim whose verdict this is."""

    @property
    def basis(self) -> str:
        """Return how the verdict was reached: by numbers or by reasons alone; or why it is open."""
        if self.verdict in STEPS:
            return self.verdict
        if self.same_as:
            return SAME
        if self.verdict == OPEN:
            if self.lines and self.reason in ("", MISSING):
                return TESTED
            return self.reason or MISSING
        return MEASURED if any(line.verdict for line in self.lines) else REASONED


NOT_MEASURED = "Nothing was measured on this machine: see the list of what is missing."


def not_measured() -> Judged:
    """Return the verdict of a claim without any number."""
    return Judged(OPEN, NOT_MEASURED, reason=MISSING)
