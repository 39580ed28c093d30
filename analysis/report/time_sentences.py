"""Sentences on the results of comparisons over time, and of arms with covariates."""

from analysis.apa_numbers import interval, number, p_value, percent, reported
from analysis.outcomes.ancova import AdjustedContrast, Ancova
from analysis.outcomes.mixed_anova import ChangeContrast, MixedAnova
from analysis.outcomes.paired import Paired
from analysis.report.sentences import omnibus, start_of
from analysis.report.sizes import smallest_text
from analysis.results import OutcomeResult, Results, arm_is_shown, is_shown
from analysis.statistics.estimate import Estimate, HypothesisTest


def paired(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on the difference between two times, and on equivalence."""
    found, test = result.found, result.found.test
    if not isinstance(found, Paired) or not isinstance(test, HypothesisTest):
        return [omnibus(result, results, "", "times")]
    if not isinstance(found.difference, Estimate) or result.p_adjusted is None:
        return [omnibus(result, results, "", "times")]
    earlier, later = (time.label for time in found.arms)
    difference = found.difference
    numbers = (
        f"difference {number(difference.value)}, {percent(difference.level)} CI "
        f"{interval(difference)}, paired {reported(test)}, {result.adjustment}-adjusted p "
        f"{p_value(result.p_adjusted)}"
    )
    start = start_of(result, results)
    if is_shown(result, results):
        direction = "higher" if difference.value > 0 else "lower"
        sentence = f"{start} mean of “{later}” is {direction} than that of “{earlier}”, {numbers}."
    else:
        sentence = (
            f"{start} test does not show that the means of “{later}” and “{earlier}” differ, "
            f"{numbers}. This is not evidence that they are equal."
        )
    verdict = f" Verdict on the smallest effect: {found.verdict}." if found.verdict else ""
    return [sentence + verdict, *_one_group(results)]


def mixed_anova(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on the interaction of arm and time, and on the arms that changed."""
    sentences = [omnibus(result, results, "arm × time, ", "arms' changes over time")]
    contrasts = result.found.contrasts if isinstance(result.found, MixedAnova) else ()
    shown = [c for c in contrasts if arm_is_shown(c.p_adjusted, result, results)]
    if shown:
        control = results.labels[results.plan.control]
        sentences.append(
            f"Compared with the change in “{control}”, the change is "
            f"{'; '.join(map(_change, shown))} (Welch, Holm over arms and times)."
        )
    return sentences


def ancova(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on the adjusted means, the arms against the control, and equivalence."""
    sentences = [omnibus(result, results, "", "adjusted arm means")]
    if not isinstance(result.found, Ancova):
        return sentences
    control, found = results.labels[results.plan.control], result.found
    shown = [c for c in found.contrasts if arm_is_shown(c.p_adjusted, result, results)]
    if shown:
        sentences.append(
            f"Compared with “{control}”, at the means of the covariates, the mean is "
            f"{'; '.join(map(_adjusted, shown))} (HC3, Holm over the arms)."
        )
    alike = [
        f"“{c.label}” (p {p_value(c.p_equivalence)})"
        for c in found.contrasts
        if c.p_equivalence is not None and c.p_equivalence < results.plan.alpha
    ]
    if alike and result.outcome.smallest_effect is not None:
        means = "adjusted mean" if len(alike) == 1 else "adjusted means"
        sentences.append(
            f"The {means} of {', '.join(alike)} {'is' if len(alike) == 1 else 'are'} shown to be "
            f"within {smallest_text(result)} of “{control}”, a difference "
            "too small to matter by the plan (two one-sided tests, Holm over the arms)."
        )
    return sentences


def _one_group(results: Results) -> list[str]:
    """Return a caution for a study of one arm, in which time is not randomised."""
    if len(results.plan.arms) > 1:
        return []
    return [
        "Every participant has both measurements and there is no comparison group, so the "
        "difference may have other causes than what happened in between."
    ]


def _change(contrast: ChangeContrast) -> str:
    text = _difference(contrast.label, contrast.difference, contrast.p_adjusted)
    return f"{text}, from “{contrast.reference}” to “{contrast.time}”"


def _adjusted(contrast: AdjustedContrast) -> str:
    return _difference(contrast.label, contrast.difference, contrast.p_adjusted)


def _difference(label: str, difference: object, p_adjusted: float | None) -> str:
    if not isinstance(difference, Estimate) or p_adjusted is None:
        raise TypeError(f"{label} has no difference with a p value")
    direction = "higher" if difference.value > 0 else "lower"
    return (
        f"{direction} in “{label}” by {number(abs(difference.value))}, "
        f"{percent(difference.level)} CI of the difference {interval(difference)}, "
        f"p {p_value(p_adjusted)}"
    )
