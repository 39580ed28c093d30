"""What a result says in words: never more than its test."""

import re

from markupsafe import Markup, escape

from analysis.apa_numbers import bounded, interval, number, p_value, percent, reported
from analysis.outcomes.one_way import Contrast, OneWay
from analysis.plan.plan import EXPLORATORY, MEASURES, Outcome, Plan, analysis_of, resolve
from analysis.results import OutcomeResult, Results
from analysis.statistics.estimate import Estimate, HypothesisTest

SYMBOLS = "n|M|SD|p|df|r|d|g|t|z|F|H|U|W|Q|P"
POPULATIONS = {
    "completed": "participants who completed the study",
    "randomised": "everyone randomised who has the outcome and whose data exist",
    "per_protocol": "participants who completed the study and whom no exclusion took",
}


def findings(result: OutcomeResult, results: Results) -> list[str]:
    """The sentences on one outcome, as its analysis words them (plan.ANALYSES)."""
    sentences: list[str] = resolve(analysis_of(result.outcome).words)(result, results)
    return sentences


def one_way(result: OutcomeResult, results: Results) -> list[str]:
    """The omnibus test first, then arms against the control, then what is equivalent to it.

    An effect is claimed only where p, adjusted over the family, lies below alpha.
    """
    sentences = [omnibus(result, results, "Welch's ", "arm means")]
    if is_shown(result, results):
        sentences.append(_against_control(result, results))
    if isinstance(result.found, OneWay) and result.outcome.smallest_effect is not None:
        sentences += _equivalence(result.found, results, result.outcome.smallest_effect)
    return sentences


def omnibus_only(result: OutcomeResult, results: Results) -> list[str]:
    """One sentence on the test that stands for the outcome; the tables hold the rest."""
    words = {
        "ranks": ("Kruskal-Wallis ", "arms' ranks"),
        "repeated": ("Friedman's ", "conditions"),
        "factorial": ("", "arm means"),
    }
    return [omnibus(result, results, *words.get(result.outcome.analysis, ("", "arms")))]


def typeset(sentence: str) -> Markup:
    """The sentence as HTML: escaped, symbols of statistics in italics, numbers on one line."""
    text = str(escape(sentence))
    kept = '<span class="kept"><i>p</i>\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}\\2</span>'
    text = re.sub(r"\bp (=|&lt;|&gt;) (\.\d+)", kept, text)
    text = re.sub(r"\bp\b(?!</i>)", "<i>p</i>", text)
    text = re.sub(r"\b([FHtzQ])(?=\()", r"<i>\1</i>", text)
    return Markup(re.sub(r"(?<=[\d,]) (?=%|[\d.])|(?<=\)) (?== )", "\N{NO-BREAK SPACE}", text))  # noqa: S704


def symbols(text: str) -> Markup:
    """A heading or note as HTML: the Latin symbols of statistics in italics, as APA has them."""
    return Markup(re.sub(rf"\b({SYMBOLS})\b(?!['′])", r"<i>\1</i>", str(escape(text))))  # noqa: S704


def population_words(population: str, plan: Plan) -> str:
    """Whom the population holds, in words."""
    told = POPULATIONS[population]
    if population != "per_protocol" and any(rule.scope == "all" for rule in plan.exclusions):
        told += " and whom no rule took out of every set"
    return told


def source_of(outcome: Outcome) -> str:
    """How the outcome's score comes about, in words."""
    if outcome.scale is not None:
        return f"mean of the items of the scale “{outcome.scale}”, reversed items turned"
    if outcome.item is not None:
        return f"the answer to the item “{outcome.item}”"
    if outcome.measure is not None:
        measure = next(one for one in MEASURES if one.key == outcome.measure)
        return f"the participant's own “{measure.label}”, missing where there is none"
    conditions = " and ".join(f"{column} = {value}" for column, value in outcome.where.items())
    rows = f"answered trials with {conditions}" if conditions else "answered trials"
    kind = "mean logarithm" if outcome.transform == "log" else "mean"
    return f"{kind} of the column “{outcome.column}” over the participant's {rows}"


def verdict_text(verdict: str | None, shown: bool) -> str:
    """The verdict, held back where the outcome's own test, adjusted over the family, is silent."""
    if verdict is None:
        return "–"
    if shown or not verdict.startswith("different"):
        return verdict
    return f"{verdict}, by this comparison alone: the outcome's own test does not show it"


def is_shown(result: OutcomeResult, results: Results) -> bool:
    """Whether p, adjusted over the family, lies below alpha."""
    return result.p_adjusted is not None and result.p_adjusted < results.plan.alpha


def omnibus(result: OutcomeResult, results: Results, test_name: str, what: str) -> str:
    """The test that stands for the outcome, and no more than it says of `what`."""
    test = result.found.test
    if not isinstance(test, HypothesisTest) or result.p_adjusted is None:
        reason = "" if isinstance(test, HypothesisTest) else test.reason
        return f"Not estimable: {reason}."
    numbers = (
        f"{test_name}{reported(test)}, {result.adjustment}-adjusted p {p_value(result.p_adjusted)}"
    )
    where = "In these simulated data, the" if results.simulated else "The"
    if result.outcome.role == EXPLORATORY:
        where = f"Exploratory: {where[0].lower()}{where[1:]}"
    if is_shown(result, results):
        return f"{where} {what} are not all equal, {numbers}."
    return (
        f"{where} test does not show that the {what} differ, {numbers}. "
        f"That is no evidence that they are equal.{_lost_by_adjustment(test, results)}"
    )


def _lost_by_adjustment(test: HypothesisTest, results: Results) -> str:
    if test.p >= results.plan.alpha:
        return ""
    alpha = bounded(results.plan.alpha)
    return f" Alone its p would be below {alpha}; among the tests of its family it is not enough."


def _against_control(result: OutcomeResult, results: Results) -> str:
    control = results.labels[results.plan.control]
    contrasts = result.found.contrasts if isinstance(result.found, OneWay) else ()
    shown = [contrast for contrast in contrasts if _differs(contrast, results)]
    if not shown:
        return (
            f"No single arm can be told from “{control}” once all arms are allowed for (Dunnett, "
            "unequal variances)."
        )
    told = "; ".join(_difference(contrast) for contrast in shown)
    rest = len(contrasts) - len(shown)
    arms = "arm" if rest == 1 else f"{rest} arms"
    others = f" For the other {arms} the comparison does not show a difference." if rest else ""
    return f"Against “{control}” the mean is {told} (Dunnett, unequal variances).{others}"


def _equivalence(found: OneWay, results: Results, smallest: float) -> list[str]:
    """The arms whose difference from the control is shown to be too small to matter."""
    control = results.labels[results.plan.control]
    alike = [
        f"“{one.label}” (p {p_value(one.p_equivalence)})"
        for one in found.contrasts
        if one.p_equivalence is not None and one.p_equivalence < results.plan.alpha
    ]
    bounds = f"{number(smallest)} points"
    if not alike:
        return [f"For no arm is it shown that its mean lies within {bounds} of “{control}”."]
    mean = "lies the mean of" if len(alike) == 1 else "lie the means of"
    return [
        f"Within {bounds} of “{control}”, and so too close to matter by the plan, {mean} "
        f"{', '.join(alike)} (two one-sided tests, Holm over the arms)."
    ]


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
