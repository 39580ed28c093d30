"""Promises that some methods make of their sums, and how far each image keeps them.

A method that promises nothing is left out: there is no number that would be its.
"""

from explanations.evaluation.subject import Subject


def completeness(subject: Subject) -> dict[str, float]:
    """Integrated Gradients: what the shares miss of the logit's change, relative to 1 + |change|.

    A larger number of steps makes it smaller.
    """
    found = {}
    for name, about in subject.found.diagnostics.items():
        if "completeness_delta" in about:
            change = about["logit"] - about["baseline_logit"]
            found[name] = abs(about["completeness_delta"]) / (1 + abs(change))
    return found


def additivity(subject: Subject) -> dict[str, float]:
    """DeepSHAP: what the shares miss of logit minus background's logit, relative to 1 + |that|."""
    return _noted(subject, "additivity_residual")


def fit(subject: Subject) -> dict[str, float]:
    """LIME: the weighted share of variance (R squared) that its linear model explains."""
    return _noted(subject, "r2")


def _noted(subject: Subject, entry: str) -> dict[str, float]:
    return {
        name: float(about[entry])
        for name, about in subject.found.diagnostics.items()
        if entry in about
    }
