"""A claim of the report, and the reasons that several claims share."""

from dataclasses import dataclass

from explanations.source_report import evidence as reasons
from explanations.source_report.evidence import Evidence, Judged
from explanations.source_report.judging import Judge, unknown


@dataclass(frozen=True)
class Claim:
    """A sentence of the report, and the function that judges it.

    ``quote`` is the report's wording; a test compares it with the report's text. ``section`` is the
    part of the page that shows the evidence.
    """

    key: str
    quote: str
    section: str
    judge: Judge
    same_as: str = ""
    """Key of an earlier claim that says the same, whose verdict this one gets."""


def same(key: str, quote: str, section: str, original: str) -> Claim:
    """Return a claim that says the same as an earlier one."""
    return Claim(key, quote, section, _no_judge, original)


def _no_judge(evidence: Evidence) -> Judged:
    raise ValueError("This claim gets the verdict of another one.")


needs_masks = unknown(
    "A map shows where, not what. Images whose parts are marked could tell whether a map marks "
    "these parts more than others; CIFAR-10 has no such marks, and none were made.",
    reasons.NOT_DONE,
)
needs_features = unknown(
    "A map shows where, not what. Which features a layer detects could be measured by the images "
    "that activate each of its channels most; this was not done.",
    reasons.NOT_DONE,
)
needs_people = unknown("See “needs people” at the top of the page.", reasons.PEOPLE)
nothing_improved = unknown(
    "The report improves nothing with a map. People who look for a planted fault of a network, "
    "with and without maps, could show this.",
    reasons.PEOPLE,
)
attention = unknown("The report does not say how attention could be observed.", reasons.UNDEFINED)
transparent = unknown(
    "The report does not say what counts as transparent. Its conclusions are judged one by one "
    "below.",
    reasons.UNDEFINED,
)
