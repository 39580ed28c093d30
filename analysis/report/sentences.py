"""Sentences on the results of outcomes, which never claim more than the test shows."""

import re

from markupsafe import Markup, escape

from analysis.apa_numbers import bounded, interval, number, p_value, percent, reported
from analysis.outcomes.finding import Failed
from analysis.outcomes.one_way import Contrast, OneWay
from analysis.plan.plan import (
    EXPLORATORY,
    MEASURES,
    TIME_COLUMNS,
    Outcome,
    analysis_of,
    asked_items,
    effect_names,
    resolve,
    tested_effect,
)
from analysis.report.sizes import smallest_text
from analysis.results import OutcomeResult, Results, is_shown
from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.study_data.logarithms import NONE
from analysis.study_data.rows_in_words import rows_words
from analysis.study_data.times import time_words

KINDS_OF_MEAN = {None: "mean", "log": "mean logarithm", "log1p": "mean logarithm of 1 + value"}
REFUSED = NO_RESULT, NOT_ESTIMABLE = "No result", "Not estimable"
SYMBOLS = "n|M|SD|p|df|r|d|dz|g|t|z|F|H|U|V|W|Q|P"


def findings(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on an outcome, as worded for its analysis (plan.ANALYSES)."""
    if isinstance(result.found, Failed):
        return [f"{NO_RESULT}: {result.found.test.reason}."]
    sentences: list[str] = resolve(analysis_of(result.outcome).words)(result, results)
    return sentences


def one_way(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on the omnibus test, the arms against the control, and equivalence.

    An effect is claimed only if p, adjusted over the family, is below alpha.
    """
    sentences = [omnibus(result, results, "Welch's ", "arm means")]
    if is_shown(result, results):
        sentences.append(_against_control(result, results))
    if isinstance(result.found, OneWay) and result.outcome.smallest_effect is not None:
        sentences += _equivalence(result.found, results, smallest_text(result))
    return sentences


def omnibus_only(result: OutcomeResult, results: Results) -> list[str]:
    """Return one sentence on the test that enters the family.

    The tables contain the rest.
    """
    words = {
        "ranks": ("Kruskal-Wallis ", "arms' ranks"),
    }
    if result.outcome.analysis == "repeated":
        rank_sum = isinstance(result.found.test, HypothesisTest) and result.found.test.symbol == "V"
        test_name = "Wilcoxon's signed-rank " if rank_sum else "Friedman's "
        return [omnibus(result, results, test_name, "conditions")]
    return [omnibus(result, results, *words.get(result.outcome.analysis, ("", "arms")))]


def factorial(result: OutcomeResult, results: Results) -> list[str]:
    """Return one sentence on the effect that the plan names."""
    names, tested = effect_names(result.outcome), tested_effect(result.outcome)
    if tested == "a:b":
        what = f"effects of {names['a']} at the levels of {names['b']}"
    else:
        what = "arm means" if names[tested] == "arm" else f"means of the levels of {names[tested]}"
    return [omnibus(result, results, "", what)]


def typeset(sentence: str) -> Markup:
    """Return the sentence as escaped HTML, with italic symbols and unbreakable numbers."""
    text = str(escape(sentence))
    kept = '<span class="kept"><i>p</i>\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}\\2</span>'
    text = re.sub(r"\bp (=|&lt;|&gt;) (\.\d+)", kept, text)
    text = re.sub(r"\bp\b(?!</i>)", "<i>p</i>", text)
    text = re.sub(r"\b([FHtzQ])(?=\()", r"<i>\1</i>", text)
    return Markup(re.sub(r"(?<=[\d,]) (?=%|[\d.])|(?<=\)) (?== )", "\N{NO-BREAK SPACE}", text))  # noqa: S704


def symbols(text: str) -> Markup:
    """Return a heading or note as HTML, with the Latin symbols of statistics in italics (APA)."""
    return Markup(re.sub(rf"\b({SYMBOLS})\b(?!['′])", r"<i>\1</i>", str(escape(text))))  # noqa: S704


def left_out(result: OutcomeResult, results: Results) -> str:
    """Return the sentence on trials without a logarithm that the plan leaves out, or nothing."""
    count, outcome = result.without_logarithm, result.outcome
    if count is None:
        return ""
    by_arm = ", ".join(f"{results.labels[arm]} {number}" for arm, number in count.trials.items())
    return (
        f" Left out, as the plan declares: {sum(count.trials.values())} of {count.of} answered "
        f"trials, whose value is {NONE[str(outcome.transform)]} and has no logarithm ({by_arm}). "
        "The arms are compared on the other trials alone."
    )


def source_of(outcome: Outcome) -> str:
    """Return a description of how the outcome's score is computed, and when it was measured."""
    if asked_items(outcome) is not None:
        return _questionnaire_source(outcome)
    if outcome.kind == "preference":
        return _preference_source(outcome)
    if outcome.measure is not None:
        measure = next(measure for measure in MEASURES if measure.key == outcome.measure)
        return f"the participant's “{measure.label}”, missing where it cannot be computed"
    rows = f"answered trials {rows_words(outcome.where)}".rstrip()
    kind = KINDS_OF_MEAN[outcome.transform]
    return f"{kind} of the column “{outcome.column}” over the participant's {rows}"


def _preference_source(outcome: Outcome) -> str:
    rows = f"answered comparisons {rows_words(outcome.where)}".rstrip()
    return (
        f"choices between two maps, over all {rows}; by participant, the share of choices of the "
        "map in the first place, where a choice of neither counts as half"
    )


def _questionnaire_source(outcome: Outcome) -> str:
    source = (
        f"mean of the items of the scale “{outcome.scale}” after reversal"
        if outcome.kind == "scale"
        else f"answer to the item “{outcome.item}”"
    )
    asked = f" {time_words(outcome.where)}" if outcome.where else ""
    if not outcome.before:
        within = f", in each {outcome.within}" if outcome.within in TIME_COLUMNS else ""
        return f"{source}{asked}{within}"
    earlier = time_words(outcome.before)
    return {
        "change": f"change of the {source}: the score{asked} minus the score {earlier}",
        "covariate": f"{source}{asked}, with the score {earlier} as a covariate",
        "times": f"{source} {earlier} and{asked}",
    }[analysis_of(outcome).before]


def verdict_text(verdict: str | None, shown: bool) -> str:
    """Return the verdict, qualified if the outcome's family-adjusted test shows no difference."""
    if verdict is None:
        return "–"
    if shown or not verdict.startswith("different"):
        return verdict
    return f"{verdict}, by this comparison alone: the outcome's test does not show it"


def omnibus(result: OutcomeResult, results: Results, test_name: str, what: str) -> str:
    """Return a sentence on the test that enters the family, and no more than the test shows."""
    test = result.test
    if not isinstance(test, HypothesisTest) or result.p_adjusted is None:
        reason = "" if isinstance(test, HypothesisTest) else test.reason
        return f"{NOT_ESTIMABLE}: {reason}."
    numbers = (
        f"{test_name}{reported(test)}, {result.adjustment}-adjusted p {p_value(result.p_adjusted)}"
    )
    start = start_of(result, results)
    if is_shown(result, results):
        return f"{start} {what} are not all equal, {numbers}."
    # "Does not differ" would claim the null, which no test of a difference can show.
    return (
        f"{start} test does not show that the {what} differ, {numbers}. "
        f"This is not evidence that they are equal.{_lost_by_adjustment(test, results)}"
    )


def start_of(result: OutcomeResult, results: Results) -> str:
    """Return the first words of a sentence on a test, which name simulated and exploratory data."""
    start = "In these simulated data, the" if results.simulated else "The"
    if result.outcome.role == EXPLORATORY:
        return f"Exploratory: {start[0].lower()}{start[1:]}"
    return start


def _lost_by_adjustment(test: HypothesisTest, results: Results) -> str:
    if test.p >= results.plan.alpha:
        return ""
    alpha = bounded(results.plan.alpha)
    return f" Before adjustment for the tests of its family its p is below {alpha}."


def _against_control(result: OutcomeResult, results: Results) -> str:
    control = results.labels[results.plan.control]
    contrasts = result.found.contrasts if isinstance(result.found, OneWay) else ()
    shown = [contrast for contrast in contrasts if _differs(contrast, results)]
    if not shown:
        return (
            f"After adjustment over the arms, no single arm is shown to differ from “{control}” "
            "(Dunnett, unequal variances)."
        )
    differences = "; ".join(_difference(contrast) for contrast in shown)
    rest = len(contrasts) - len(shown)
    arms = "arm" if rest == 1 else f"{rest} arms"
    others = f" The comparison does not show a difference for the other {arms}." if rest else ""
    return (
        f"Compared with “{control}”, the mean is {differences} (Dunnett, unequal "
        f"variances).{others}"
    )


def _equivalence(found: OneWay, results: Results, bounds: str) -> list[str]:
    """Return a sentence on the arms whose difference from the control is too small to matter."""
    control = results.labels[results.plan.control]
    alike = [
        f"“{contrast.label}” (p {p_value(contrast.p_equivalence)})"
        for contrast in found.contrasts
        if contrast.p_equivalence is not None and contrast.p_equivalence < results.plan.alpha
    ]
    if all(contrast.p_equivalence is None for contrast in found.contrasts):
        return []  # nothing was tested, so there is nothing that is not shown
    if not alike:
        return [f"No arm's mean is shown to be within {bounds} of “{control}”."]
    mean, verb = ("mean", "is") if len(alike) == 1 else ("means", "are")
    return [
        f"The {mean} of {', '.join(alike)} {verb} shown to be within {bounds} of “{control}”, a "
        "difference too small to matter by the plan (two one-sided tests, Holm over the arms)."
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
        raise TypeError(f"{contrast.arm} has no difference with a p value")
    direction = "higher" if difference.value > 0 else "lower"
    return (
        f"{direction} in “{contrast.label}” by {number(abs(difference.value))}, "
        f"{percent(difference.level)} CI of the difference {interval(difference)}, "
        f"p {p_value(difference.p)}"
    )
