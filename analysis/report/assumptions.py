"""Assumptions in words: what the data say, and what was done about it."""

from collections.abc import Callable, Mapping

from analysis.apa_numbers import bounded, number, p_value, reported
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.statistics.estimate import HypothesisTest

Row = tuple[str, str, str, str]  # assumption, what the data say, verdict, what was done
Values = Mapping[str, float]


def assumption_row(one: Assumption, labels: Mapping[str, str]) -> Row:
    """One row of the table."""
    name, found, done = WORDS[one.key]
    of = f" ({labels.get(one.of, one.of)})" if one.of else ""
    said = f"not described: {one.detail}" if _is_bare(one) else found(one.values)
    parts = [said]
    if isinstance(one.test, HypothesisTest):
        parts.append(f"{one.test.name}: {reported(one.test)}")
    if one.detail and not _is_bare(one):
        parts.append(one.detail)
    return f"{name}{of}", "; ".join(part for part in parts if part), one.verdict, done


def _is_bare(one: Assumption) -> bool:
    """No shape could be computed: only the reason is there."""
    return one.key in ("residuals", "random_effects") and "skewness" not in one.values


def _shape(values: Values) -> str:
    skewness, kurtosis = values["skewness"], values["kurtosis"]
    tail = ""
    if abs(skewness) > 1:
        tail = f", a longer tail to the {'right' if skewness > 0 else 'left'}"
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
        return "an arm has no spread"
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
        return "no fit that can be trusted"
    steps = int(values["steps"])
    if not steps:
        return "the model as planned converged and is not singular"
    return f"converged after {steps} {'step' if steps == 1 else 'steps'} to a simpler model"


def _complete(values: Values) -> str:
    return f"{values['complete']:.0f} complete, {values['incomplete']:.0f} lack a condition"


WORDS: Mapping[str, tuple[str, Callable[[Values], str], str]] = {
    "residuals": (
        "Residuals follow a normal distribution",
        _shape,
        "Nothing was changed: tests of means lean on it less, the larger the arms are; a test that "
        "needs no shape stands beside where there is one",
    ),
    "spread": (
        "Arms have equal variances",
        _spread,
        "Not assumed: each arm has a variance of its own",
    ),
    "influence": (
        "No single participant decides",
        _influence,
        "Nobody was left out for it",
    ),
    "shapes": (
        "Distributions have one shape",
        lambda values: f"{values['answers']:.0f} different answers",
        "Not assumed: the tests ask which arm tends to higher answers, ties allowed for",
    ),
    "complete": (
        "Everyone went through every condition",
        _complete,
        "Who lacks a condition was left out of this test",
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
        "A model whose odds run away is refused, not printed",
    ),
    "convergence": (
        "The model can be fitted",
        _converged,
        "A singular term is taken out, step by step, and each step said; a fit that did not "
        "converge is not printed",
    ),
    "random_effects": (
        "Random effects follow a normal distribution",
        _shape,
        "Nothing was changed: fixed effects depend on it little",
    ),
    "trial_spread": (
        "Residuals of trials spread alike in all arms, ratio up to 3",
        _spread,
        "Nothing was changed",
    ),
    "proportional_odds": (
        "Odds ratios are the same at every step of the answer, up to a factor of 3",
        _odds,
        "Nothing was changed: where it is doubtful, one odds ratio does not tell all",
    ),
}
