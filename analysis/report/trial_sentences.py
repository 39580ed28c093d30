"""Sentences on the analyses of trials: the omnibus test first, then arms against the control."""

from analysis.apa_numbers import interval, number, p_value, percent
from analysis.outcomes.binary_trials import BinaryTrials, OddsContrast
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.outcomes.trial_models import ModelContrast, TrialModel
from analysis.report.sentences import omnibus
from analysis.report.sizes import smallest_text
from analysis.results import OutcomeResult, Results, is_shown
from analysis.statistics.estimate import Estimate

Contrasts = tuple[ModelContrast, ...] | tuple[OddsContrast, ...]


def binary_trials(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on odds ratios without random images."""
    if not isinstance(result.found, BinaryTrials):
        raise TypeError(f"{result.outcome.key} was not analysed by binary_trials")
    told = [omnibus(result, results, "cluster-robust ", "arms' odds")]
    return told + _arms(result, results, result.found.contrasts, "Odds ratio")


def trial_model(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on the model, starting with its log if it is not the planned model."""
    found = result.found
    if not isinstance(found, TrialModel):
        raise TypeError(f"{result.outcome.key} was not analysed by a model of trials")
    family = FAMILIES[result.outcome.analysis]
    if len(results.plan.arms_of(result.outcome)) == 1:
        return _levels(result, results, found, family.effect)
    log = [f"{entry[0].upper()}{entry[1:]}." for entry in found.log]
    return [
        *log,
        omnibus(result, results, "", family.arms),
        *_arms(result, results, found.contrasts, family.effect),
    ]


def _levels(result: OutcomeResult, results: Results, found: TrialModel, effect: str) -> list[str]:
    """Return the sentences on the levels of `within`, for a study of one arm."""
    log = [f"{entry[0].upper()}{entry[1:]}." for entry in found.log]
    sentences = [*log, omnibus(result, results, "", f"levels of {result.outcome.within}")]
    shown = [
        text
        for contrast in found.contrasts
        if contrast.p_adjusted is not None and contrast.p_adjusted < results.plan.alpha
        for text in _effect_text(contrast)
    ]
    if is_shown(result, results) and shown:
        sentences.append(
            f"{effect}: {'; '.join(shown)} (p adjusted by Holm over the levels, intervals not "
            "adjusted)."
        )
    return sentences


def _arms(result: OutcomeResult, results: Results, contrasts: Contrasts, effect: str) -> list[str]:
    """Return the sentences on equivalence and, if the outcome's test shows it, on single arms."""
    sentences = []
    if is_shown(result, results) and contrasts:
        sentences.append(_against_control(contrasts, results, effect))
    tested = any(contrast.p_equivalence is not None for contrast in contrasts)
    if result.outcome.smallest_effect is not None and tested:
        sentences.append(_equivalence(contrasts, results, smallest_text(result)))
    return sentences


def _against_control(contrasts: Contrasts, results: Results, effect: str) -> str:
    control = results.labels[results.plan.control]
    # Only arms whose adjusted p is below alpha are named.
    shown = [
        text
        for contrast in contrasts
        if contrast.p_adjusted is not None and contrast.p_adjusted < results.plan.alpha
        for text in _effect_text(contrast)
    ]
    if not shown:
        return (
            f"After adjustment over the arms, no single arm is shown to differ from “{control}” "
            "(Holm over the arms)."
        )
    rest = len(contrasts) - len(shown)
    arms = "arm" if rest == 1 else f"{rest} arms"
    others = f" The comparison does not show a difference for the other {arms}." if rest else ""
    return (
        f"Compared with “{control}”: {effect.lower()} {'; '.join(shown)} (p adjusted by Holm over "
        f"the arms, intervals not adjusted).{others}"
    )


def _effect_text(contrast: ModelContrast | OddsContrast) -> list[str]:
    estimate = contrast.odds_ratio if isinstance(contrast, OddsContrast) else contrast.estimate
    if not isinstance(estimate, Estimate) or contrast.p_adjusted is None:
        return []
    return [
        f"{number(estimate.value)} in “{contrast.label}”, {percent(estimate.level)} CI "
        f"{interval(estimate)}, p {p_value(contrast.p_adjusted)}"
    ]


def _equivalence(contrasts: Contrasts, results: Results, size: str) -> str:
    """Return a sentence on the arms whose difference from the control is too small to matter."""
    control = results.labels[results.plan.control]
    alike = [
        f"“{contrast.label}” (p {p_value(contrast.p_equivalence)})"
        for contrast in contrasts
        if contrast.p_equivalence is not None and contrast.p_equivalence < results.plan.alpha
    ]
    if not alike:
        return f"No arm is shown to be within {size} of “{control}”."
    verb = "is" if len(alike) == 1 else "are"
    return (
        f"{', '.join(alike)} {verb} shown to be within {size} of “{control}”, a "
        "difference too small to matter by the plan (two one-sided tests, Holm over the arms)."
    )
