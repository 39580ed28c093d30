"""Sentences on tests that stand in for a planned analysis, and on the reasons for it."""

from analysis.apa_numbers import bounded, interval, number, p_value, percent
from analysis.outcomes.fallbacks import Refusal
from analysis.outcomes.likelihood_ratio import LikelihoodRatio, RatioContrast
from analysis.outcomes.permutation import Permuted, PermutedContrast
from analysis.plan.plan import family_of
from analysis.report.sentences import omnibus
from analysis.results import OutcomeResult, Results, arm_is_shown, is_shown
from analysis.statistics.estimate import Bound, Estimate


def stands_in(result: OutcomeResult) -> list[str]:
    """Return sentences on the analyses that have no test, and on the analysis used instead."""
    if not result.refused:
        return []
    planned, *others = result.refused
    sentences = [f"The planned analysis has no test for these data. {_said(planned)}."]
    sentences += [
        f"Its fallback, {other.label}, has no test either, for the same reason."
        if other.reason == planned.reason
        else f"Its fallback has no test either. {_said(other)}."
        for other in others
    ]
    if result.fallback is not None:
        source = "the plan" if result.fallback.declared else "the default for this analysis"
        sentences.append(
            f"The outcome is therefore tested by the fallback that {source} declares: "
            f"{result.fallback.label}."
            if result.fallback.declared
            else "The outcome is therefore tested by the default fallback of this analysis: "
            f"{result.fallback.label}."
        )
    return sentences


def _said(refusal: Refusal) -> str:
    return _capital(f"{refusal.label}: {refusal.reason}")


def family_note(result: OutcomeResult, results: Results) -> list[str]:
    """Return a sentence on the tests of the family that could not be run, if there are any."""
    keys = result.family_without_test
    if not keys:
        return []
    labels = {other.outcome.key: other.outcome.label for other in results.outcomes}
    names = ", ".join(f"“{labels[key]}”" for key in keys)
    tests = "test" if result.family_size == 1 else "tests"
    verb = "has" if len(keys) == 1 else "have"
    return [
        f"The family “{family_of(result.outcome)}” has {result.family_size} planned {tests}, of "
        f"which {names} {verb} no result. Each of them stays in the family with p = 1 in "
        f"{_method(result)}, so that the other tests are adjusted as planned."
    ]


def permutation(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on a test by permutation, and on the arms if it shows a difference."""
    found = result.found
    if not isinstance(found, Permuted):
        raise TypeError(f"{result.outcome.key} was not analysed by permutation")
    what = "conditions" if found.within else "arms' scores"
    sentences = [omnibus(result, results, "permutation test, ", what)]
    if is_shown(result, results) and not found.within:
        sentences.append(_permuted_arms(found, result, results))
    return sentences


def likelihood_ratio(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on a likelihood-ratio test, and on the arms if it shows a difference."""
    found = result.found
    if not isinstance(found, LikelihoodRatio):
        raise TypeError(f"{result.outcome.key} was not analysed by likelihood_ratio")
    what = "arms' odds" if found.family == "logistic" else "arms' odds of a higher answer"
    sentences = [omnibus(result, results, "likelihood ratio ", what)]
    if is_shown(result, results):
        sentences.append(_ratio_arms(found, result, results))
    return sentences


def bound_text(bound: Bound) -> str:
    """Return an odds ratio of 0 or infinity with its limit: '∞, above 12.30'."""
    side = "above" if bound.value == "infinite" else "below"
    return f"{'∞' if bound.value == 'infinite' else '0'}, {side} {number(bound.limit)}"


def _permuted_arms(found: Permuted, result: OutcomeResult, results: Results) -> str:
    shown = [
        f"{number(contrast.mean_difference)} in “{contrast.label}”{_with_interval(contrast)}, "
        f"p {p_value(contrast.p_adjusted)}"
        for contrast in found.contrasts
        if contrast.mean_difference is not None
        and contrast.p_adjusted is not None
        and arm_is_shown(contrast.p_adjusted, result, results)
    ]
    return _compared("difference", shown, "by permutation", results)


def _with_interval(contrast: PermutedContrast) -> str:
    estimate = contrast.difference
    if not isinstance(estimate, Estimate):
        return ""
    form = bounded if estimate.name == "risk difference" else number
    return (
        f", {estimate.name} {form(estimate.value)}, {percent(estimate.level)} CI "
        f"{interval(estimate)}"
    )


def _ratio_arms(found: LikelihoodRatio, result: OutcomeResult, results: Results) -> str:
    shown = [
        f"{_ratio(contrast)} in “{contrast.label}”, p {p_value(contrast.p_adjusted)}"
        for contrast in found.contrasts
        if contrast.p_adjusted is not None and arm_is_shown(contrast.p_adjusted, result, results)
    ]
    effect = "odds ratio" if found.family == "logistic" else "odds ratio of a higher answer"
    return _compared(effect, shown, "by likelihood ratios", results)


def _ratio(contrast: RatioContrast) -> str:
    ratio = contrast.odds_ratio
    if isinstance(ratio, Bound):
        return f"{bound_text(ratio)} ({percent(ratio.level)} limit)"
    if not isinstance(ratio, Estimate):
        raise TypeError(f"{contrast.arm} has no odds ratio")
    return f"{number(ratio.value)}, {percent(ratio.level)} CI {interval(ratio)}"


def _compared(effect: str, shown: list[str], method: str, results: Results) -> str:
    control = results.labels[results.plan.control]
    if not shown:
        return (
            f"After adjustment over the arms, no single arm is shown to differ from “{control}” "
            f"({method}, Holm over the arms)."
        )
    return (
        f"Compared with “{control}”: {effect} {'; '.join(shown)} ({method}, p adjusted by Holm "
        "over the arms, intervals not adjusted)."
    )


def _method(result: OutcomeResult) -> str:
    return "Holm's method" if result.adjustment == "Holm" else "Benjamini and Hochberg's method"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
