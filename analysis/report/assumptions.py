"""Wording of the assumptions: the evidence in the data and the response to it."""

from collections.abc import Callable, Mapping

from analysis.apa_numbers import bounded, number, p_value, reported
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.statistics.estimate import HypothesisTest

Row = tuple[str, str, str, str]  # assumption, evidence, verdict, response
Values = Mapping[str, float]


def assumption_row(assumption: Assumption, labels: Mapping[str, str]) -> Row:
    """Return an assumption's row of the table."""
    name, describe, done = WORDS[assumption.key]
    of = f" ({labels.get(assumption.of, assumption.of)})" if assumption.of else ""
    said = (
        f"not described: {assumption.detail}"
        if _is_bare(assumption)
        else describe(assumption.values)
    )
    parts = [said]
    if isinstance(assumption.test, HypothesisTest):
        parts.append(f"{assumption.test.name}: {reported(assumption.test)}")
    if assumption.detail and not _is_bare(assumption):
        parts.append(assumption.detail)
    return f"{name}{of}", "; ".join(part for part in parts if part), assumption.verdict, done


def _is_bare(assumption: Assumption) -> bool:
    """Return whether no shape could be computed, so that only the reason is available."""
    return (
        assumption.key in ("residuals", "random_effects", "differences")
        and "skewness" not in assumption.values
    )


def _shape(values: Values) -> str:
    skewness, kurtosis = values["skewness"], values["kurtosis"]
    tail = ""
    if abs(skewness) > 1:
        tail = f", longer tail on the {'right' if skewness > 0 else 'left'}"
    elif kurtosis > 2:
        tail = ", heavier tails than the normal"
    elif kurtosis < -1:
        tail = ", lighter tails than the normal"
    return (
        f"{values['n']:.0f} values: skewness {number(skewness)}, excess kurtosis "
        f"{number(kurtosis)}; points of the Q-Q plot correlate "
        f"{bounded(values['qq_correlation'], 3)} with its line{tail}"
    )


def _spread(values: Values) -> str:
    if "variance_ratio" not in values:
        return "the scores of an arm do not vary"
    return f"largest variance / smallest = {number(values['variance_ratio'])}"


def _influence(values: Values) -> str:
    least, most = p_value(values["p_least"]), p_value(values["p_most"])
    span = f"p {least}"
    if least != most:
        span = f"p between {least.removeprefix('= ')} and {most.removeprefix('= ')}"
    return (
        f"largest Cook's distance {number(values['cook'], 3)}; without each of the "
        f"{values['tried']:.0f} most influential, one at a time, {span}"
    )


def _odds(values: Values) -> str:
    return (
        f"odds ratio to the control between {number(values['least'])} and "
        f"{number(values['most'])} over {values['steps']:.0f} steps of the answer"
    )


def _converged(values: Values) -> str:
    if not values:
        return "no trustworthy fit"
    if not values["steps"]:
        return "the planned model converged and is not singular"
    return "the planned model could not be fitted, and a simpler model was"


def _complete(values: Values) -> str:
    complete, incomplete = values["complete"], values["incomplete"]
    return f"{complete:.0f} participants complete, {incomplete:.0f} lack a condition"


WORDS: Mapping[str, tuple[str, Callable[[Values], str], str]] = {
    "residuals": (
        "Residuals follow a normal distribution",
        _shape,
        "No action: tests of means depend on it less, the larger the arms are; where available, a "
        "test without this assumption is shown as well",
    ),
    "spread": (
        "Arms have equal variances",
        _spread,
        "Not assumed: the methods allow unequal variances",
    ),
    "influence": (
        "The result does not depend on a single participant",
        _influence,
        "No action: no participant was excluded for it",
    ),
    "shapes": (
        "The distributions have equal shapes",
        lambda values: f"{values['answers']:.0f} different answers",
        "Not assumed: the tests ask which arm tends to higher answers, with ties corrected",
    ),
    "complete": (
        "Every participant has every condition",
        _complete,
        "Participants who lack a condition were left out of this test",
    ),
    "differences": (
        "Differences within participants follow a normal distribution",
        _shape,
        "No action: the test depends on it less, the more participants there are; Wilcoxon's test "
        "is shown as well",
    ),
    "sphericity": (
        "Differences between any two times have equal variances (sphericity)",
        lambda values: f"Greenhouse and Geisser's ε = {bounded(values['epsilon'])}",
        "Not assumed: degrees of freedom are multiplied by ε",
    ),
    "equal_slopes": (
        "The covariate has the same slope in all arms",
        lambda values: "",
        "No action: where it is doubtful, the adjusted difference holds at the covariate's mean "
        "and is larger or smaller elsewhere",
    ),
    "clusters": (
        "Enough participants for cluster-robust errors, 20 per arm",
        lambda values: f"the smallest arm has {values['least']:.0f}",
        "Small numbers widen the intervals through the degrees of freedom",
    ),
    "answers": (
        "Both answers occur often enough in every arm, 10 times",
        lambda values: (
            f"the rarer answer occurs {values['least']:.0f} times in the arm with fewest"
        ),
        "A model with diverging odds is not reported",
    ),
    "convergence": (
        "The model can be fitted",
        _converged,
        "An unconstrained covariance gives way to compound symmetry, random terms of zero variance "
        "are removed, and each step is reported; a fit that did not converge is not reported",
    ),
    "random_effects": (
        "Random effects follow a normal distribution",
        _shape,
        "No action: fixed effects depend little on it",
    ),
    "trial_spread": (
        "Residuals of trials have equal variances in all arms, ratio up to 3",
        _spread,
        "No action",
    ),
    "exchangeable": (
        "Assignment to arms, or order of conditions, did not depend on the answers",
        lambda values: f"{values['n']:.0f} scores; by design, not by the data",
        "No other assumption: no distribution, no equal variances",
    ),
    "ratio": (
        "Enough participants for the distribution of the likelihood ratio, 15 per arm",
        lambda values: f"the smallest arm has {values['least']:.0f}",
        "No action: with few participants its p is somewhat too small",
    ),
    "preference_people": (
        "Enough participants for errors between participants, 20",
        lambda values: f"{values['people']:.0f} participants",
        "Small numbers widen the intervals through the degrees of freedom",
    ),
    "places": (
        "Every method's maps stood in the first place in 40% to 60% of their comparisons",
        lambda values: f"between {bounded(values['least'])} and {bounded(values['most'])}",
        "No action: the model contains the effect of the first place",
    ),
    "worths": (
        "A single worth per method explains every pair, up to .10 of its share",
        lambda values: (
            f"largest difference between the observed and the expected share of "
            f"{values['pairs']:.0f} pairs: {bounded(values['largest'])}"
        ),
        "No action: where it is doubtful, preferences are not transitive, and the table of pairs "
        "says more than the worths",
    ),
    "proportional_odds": (
        "Odds ratios are equal at every step of the answer, up to a factor of 3",
        _odds,
        "No action: where it is doubtful, a single odds ratio is an incomplete summary",
    ),
}
