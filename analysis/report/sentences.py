"""What a result says in words: never more than its test."""

import re

from markupsafe import Markup, escape

from analysis.estimate import Estimate, HypothesisTest
from analysis.one_way import Contrast
from analysis.plan import Outcome
from analysis.report.numbers import bounded, interval, number, p_value, percent, reported
from analysis.results import OutcomeResult, Results

POPULATIONS = {
    "completed": "participants who completed the study",
    "randomised": "everyone randomised who has the outcome and did not withdraw",
}


def findings(result: OutcomeResult, results: Results) -> list[str]:
    """The sentences on one outcome: the omnibus test first, then arms against the control.

    An effect is claimed only where p, adjusted over the family, lies below alpha.
    """
    sentences = [_omnibus(result, results)]
    if _is_shown(result, results):
        sentences.append(_against_control(result, results))
    return sentences


def typeset(sentence: str) -> Markup:
    """The sentence as HTML: escaped, F and p in italics, numbers kept on one line."""
    text = str(escape(sentence))
    text = re.sub(r"\bp (=|&lt;|&gt;) ", "<i>p</i>\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text)
    text = re.sub(r"\bF(?=\()", "<i>F</i>", text)
    return Markup(re.sub(r"(?<=[\d,]) (?=%|[\d.])|(?<=\)) (?== )", "\N{NO-BREAK SPACE}", text))  # noqa: S704


def source_of(outcome: Outcome) -> str:
    """How the outcome's score comes about, in words."""
    if outcome.scale is not None:
        return f"mean of the items of the scale “{outcome.scale}”, reversed items turned"
    conditions = " and ".join(f"{column} = {value}" for column, value in outcome.where.items())
    rows = f"answered trials with {conditions}" if conditions else "answered trials"
    return f"mean of the column “{outcome.column}” over the participant's {rows}"


def _is_shown(result: OutcomeResult, results: Results) -> bool:
    return result.p_adjusted is not None and result.p_adjusted < results.plan.alpha


def _omnibus(result: OutcomeResult, results: Results) -> str:
    welch = result.found.welch
    if not isinstance(welch, HypothesisTest) or result.p_adjusted is None:
        reason = "" if isinstance(welch, HypothesisTest) else welch.reason
        return f"Not estimable: {reason}."
    numbers = f"Welch's {reported(welch)}, Holm-adjusted p {p_value(result.p_adjusted)}"
    where = "In these simulated data, the" if results.simulated else "The"
    if _is_shown(result, results):
        return f"{where} arm means are not all equal, {numbers}."
    return (
        f"{where} test does not show that the arm means differ, {numbers}. "
        f"That is no evidence that they are equal.{_lost_by_adjustment(welch, results)}"
    )


def _lost_by_adjustment(welch: HypothesisTest, results: Results) -> str:
    if welch.p >= results.plan.alpha:
        return ""
    alpha = bounded(results.plan.alpha)
    return f" Alone its p would be below {alpha}; among the tests of its family it is not enough."


def _against_control(result: OutcomeResult, results: Results) -> str:
    control = results.labels[results.plan.control]
    shown = [contrast for contrast in result.found.contrasts if _differs(contrast, results)]
    if not shown:
        return (
            f"No single arm can be told from “{control}” once all pairs of arms are allowed for "
            "(Games-Howell)."
        )
    told = "; ".join(_difference(contrast) for contrast in shown)
    rest = len(result.found.contrasts) - len(shown)
    arms = "arm" if rest == 1 else f"{rest} arms"
    others = f" For the other {arms} the comparison does not show a difference." if rest else ""
    return f"Against “{control}” the mean is {told} (Games-Howell).{others}"


def _differs(contrast: Contrast, results: Results) -> bool:
    difference = contrast.difference
    return (
        isinstance(difference, Estimate)
        and difference.p is not None
        and difference.p < results.plan.alpha
    )


def _difference(contrast: Contrast) -> str:
    difference = contrast.difference
    if not isinstance(difference, Estimate) or difference.p is None:
        raise TypeError(f"{contrast.arm} has no difference to tell")
    direction = "higher" if difference.value > 0 else "lower"
    return (
        f"{direction} in “{contrast.label}” by {number(abs(difference.value))}, "
        f"{percent(difference.level)} CI of the difference {interval(difference)}, "
        f"p {p_value(difference.p)}"
    )
