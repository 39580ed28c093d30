"""What the analyses of trials say in words: the omnibus first, then arms against the control."""

from analysis.apa_numbers import interval, number, p_value, percent
from analysis.outcomes.binary_trials import BinaryTrials, OddsContrast
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.outcomes.trial_models import ModelContrast, TrialModel
from analysis.report.sentences import is_shown, omnibus
from analysis.results import OutcomeResult, Results
from analysis.statistics.estimate import Estimate

Contrasts = tuple[ModelContrast, ...] | tuple[OddsContrast, ...]


def binary_trials(result: OutcomeResult, results: Results) -> list[str]:
    """Odds ratios without random images."""
    if not isinstance(result.found, BinaryTrials):
        raise TypeError(f"{result.outcome.key} was not analysed by binary_trials")
    told = [omnibus(result, results, "cluster-robust ", "arms' odds")]
    return told + _arms(result, results, result.found.contrasts, "Odds ratio")


def trial_model(result: OutcomeResult, results: Results) -> list[str]:
    """Before the arms' effect, what became of the model where it is not the one asked for."""
    found = result.found
    if not isinstance(found, TrialModel):
        raise TypeError(f"{result.outcome.key} was not analysed by a model of trials")
    family = FAMILIES[result.outcome.analysis]
    log = [f"Logged: {entry}." for entry in found.log]
    contrasts: Contrasts = found.contrasts
    if isinstance(found.fallback, BinaryTrials):
        contrasts = found.fallback.contrasts
    effect = family.effect if contrasts is found.contrasts else "Odds ratio"
    return [
        *log,
        omnibus(result, results, "", family.arms),
        *_arms(result, results, contrasts, effect),
    ]


def _arms(result: OutcomeResult, results: Results, contrasts: Contrasts, effect: str) -> list[str]:
    """Single arms only where the outcome's own test shows something; what is equivalent always."""
    told = []
    if is_shown(result, results) and contrasts:
        told.append(_against_control(contrasts, results, effect))
    if result.outcome.smallest_effect is not None and contrasts:
        told.append(_equivalence(contrasts, results, result.outcome.smallest_effect))
    return told


def _against_control(contrasts: Contrasts, results: Results, effect: str) -> str:
    control = results.labels[results.plan.control]
    shown = [
        told
        for one in contrasts
        if one.p_adjusted is not None and one.p_adjusted < results.plan.alpha
        for told in _told(one)
    ]
    if not shown:
        return (
            f"No single arm can be told from “{control}” once all arms are allowed for (Holm over "
            "the arms)."
        )
    rest = len(contrasts) - len(shown)
    arms = "arm" if rest == 1 else f"{rest} arms"
    others = f" For the other {arms} the comparison does not show a difference." if rest else ""
    return (
        f"Against “{control}”: {effect.lower()} {'; '.join(shown)} (p adjusted by Holm over the "
        f"arms, intervals not adjusted).{others}"
    )


def _told(one: ModelContrast | OddsContrast) -> list[str]:
    estimate = one.odds_ratio if isinstance(one, OddsContrast) else one.estimate
    if not isinstance(estimate, Estimate) or one.p_adjusted is None:
        return []
    return [
        f"{number(estimate.value)} in “{one.label}”, {percent(estimate.level)} CI "
        f"{interval(estimate)}, p {p_value(one.p_adjusted)}"
    ]


def _equivalence(contrasts: Contrasts, results: Results, smallest: float) -> str:
    """The arms whose difference from the control is shown to be too small to matter."""
    control = results.labels[results.plan.control]
    alike = [
        f"“{one.label}” (p {p_value(one.p_equivalence)})"
        for one in contrasts
        if one.p_equivalence is not None and one.p_equivalence < results.plan.alpha
    ]
    if not alike:
        return f"For no arm is it shown that it lies within {number(smallest)} of “{control}”."
    lie = "lies" if len(alike) == 1 else "lie"
    return (
        f"Within {number(smallest)} of “{control}”, and so too close to matter by the plan, {lie} "
        f"{', '.join(alike)} (two one-sided tests, Holm over the arms)."
    )
