"""Every sentence of the report that claims or shows something, with its judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from explanations.source_report.chapters import (
    aims,
    conclusions,
    gradcam,
    integrated_gradients,
    lime,
    network,
    saliency,
    shap,
)
from explanations.source_report.chapters.claim import Claim
from explanations.source_report.evidence import Evidence, Judged
from explanations.source_report.verdicts import Line

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """A claim with its verdict."""

    claim: Claim
    judged: Judged
    lines: Sequence[Line] = ()
    """Lines that no earlier row shows."""
    shown_in: Sequence[str] = ()
    """Keys of the earlier claims whose rows show the other lines."""


SECTIONS = {
    "aims": "What the report promises",
    "network": "The network",
    "recipes": "The two recipes",
    "gradcam": "Grad-CAM of a frog",
    "saliency": "Saliency of a truck",
    "lime": "LIME of a cat",
    "ig": "Integrated Gradients",
    "shap": "SHAP of a dog",
    "comparison": "The methods compared",
    "study": "People: trust and understanding",
    "conclusions": "The conclusions",
}
CLAIMS = (
    *aims.CLAIMS,
    *network.CLAIMS,
    *gradcam.CLAIMS,
    *saliency.CLAIMS,
    *lime.CLAIMS,
    *integrated_gradients.CLAIMS,
    *shap.CLAIMS,
    *conclusions.CLAIMS,
)


def judge_all(evidence: Evidence) -> list[Answer]:
    """Judge every claim, in the order of the report.

    A claim that says the same as an earlier one gets its verdict. A number with the same verdict is
    shown once, in the first row that has it.
    """
    answers: dict[str, Answer] = {}
    first: dict[tuple[object, ...], str] = {}
    for claim in CLAIMS:
        if claim.same_as:
            verdict = answers[claim.same_as].judged.verdict
            answers[claim.key] = Answer(
                claim, Judged(verdict, SAYS_THE_SAME, same_as=claim.same_as)
            )
            continue
        judged = claim.judge(evidence)
        here: list[Line] = []
        elsewhere: dict[str, None] = {}
        for line in judged.lines:
            row = first.setdefault((*line.identity, line.verdict), claim.key)
            if row == claim.key:
                here.append(line)
            else:
                elsewhere[row] = None
            # A number without a verdict is not shown again only because it has none here.
            first.setdefault((*line.identity, ""), row)
        answers[claim.key] = Answer(claim, judged, here, list(elsewhere))
    return list(answers.values())


def of_network_alone(evidence: Evidence, key: str, answers: Sequence[Answer]) -> list[Answer]:
    """Return the claims whose verdict would differ if this network were the only one.

    Only claims with numbers of this and of another network are judged again. Rows that say the same
    as another row are left out.
    """
    label = evidence.labels[key]
    alone = replace(
        evidence,
        depth=_only(evidence.depth, key),
        methods=_only(evidence.methods, key),
        trainings=_only(evidence.trainings, key),
        evaluations=_only(evidence.evaluations, label),
    )
    networks = {evidence.labels[other] for other in (*evidence.depth, *evidence.methods)}
    found = []
    for answer in answers:
        there = {line.network for line in answer.judged.lines} & networks
        if label not in there or len(there) < 2:
            continue
        judged = answer.claim.judge(alone)
        if judged.verdict != answer.judged.verdict:
            found.append(Answer(answer.claim, judged))
    return found


def _only(of_networks: Mapping[str, T], key: str) -> dict[str, T]:
    return {name: found for name, found in of_networks.items() if name == key}


SAYS_THE_SAME = "This says the same as another row, whose verdict it has."


def judged_quantities(answers: Sequence[Answer]) -> int:
    """Count the measured quantities with a verdict, each once however many rows use it."""
    return len({line.identity for a in answers for line in a.judged.lines if line.verdict})
