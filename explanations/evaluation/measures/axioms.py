"""Axioms on the sum of a map, which some methods satisfy, and their residual for each image.

Methods without such an axiom are omitted.
"""

from explanations.evaluation.subject import Subject


def completeness(subject: Subject) -> dict[str, float]:
    """Compute the part of the logit's change that the shares of Integrated Gradients and
    GradientSHAP miss, relative to 1 + |change|.

    It shrinks as the number of steps or samples grows.
    """
    residuals = {}
    for name, about in subject.found.diagnostics.items():
        if "completeness_delta" in about:
            start = "baseline_logit" if "baseline_logit" in about else "background_logit"
            change = about["logit"] - about[start]
            residuals[name] = abs(about["completeness_delta"]) / (1 + abs(change))
    return residuals


def additivity(subject: Subject) -> dict[str, float]:
    """Return the part of the difference from the background's logit that DeepSHAP's shares miss.

    It is relative to 1 plus the absolute difference.
    """
    return _noted(subject, "additivity_residual")


def fit(subject: Subject) -> dict[str, float]:
    """Return the weighted share of variance (R squared) that LIME's linear model explains."""
    return _noted(subject, "r2")


def outlined_share(subject: Subject) -> dict[str, float]:
    """Return the share of LIME's total absolute weight that the five outlined patches carry."""
    return _noted(subject, "outlined_share")


def no_patch_matters(subject: Subject) -> dict[str, float]:
    """Return 1 for a LIME map in which no patch changes the probability by 5 percentage points."""
    return {
        name: float("no_patch_matters" in about["flags"])
        for name, about in subject.found.diagnostics.items()
        if "largest_weight" in about
    }


def _noted(subject: Subject, entry: str) -> dict[str, float]:
    return {
        name: float(about[entry])
        for name, about in subject.found.diagnostics.items()
        if entry in about
    }
