"""Every sentence of the report that claims or shows something, with its judge."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Answer:
    """A claim with its verdict."""

    claim: Claim
    judged: Judged


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
    """Judge every claim, in the order of the report."""
    return [Answer(claim, claim.judge(evidence)) for claim in CLAIMS]
