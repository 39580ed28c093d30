"""Figures of the analyses of trials: participants' means, and the arms against the control."""

import pandas as pd

from analysis.figures.by_level import drawings_by_level
from analysis.figures.forest import Forest, Row, draw_forest, filled_note
from analysis.figures.one_way import Drawings, scores_drawing
from analysis.outcomes.binary_trials import BinaryTrials, OddsContrast
from analysis.outcomes.likelihood_ratio import LikelihoodRatio, RatioContrast
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.outcomes.trial_models import ModelContrast, TrialModel
from analysis.results import OutcomeResult, Results, arm_is_shown
from analysis.statistics.estimate import Bound, Estimate, NotEstimable


def drawings(result: OutcomeResult, results: Results, scores: pd.DataFrame) -> Drawings:
    """Return scores-<outcome>, contrasts-<outcome> if estimated, and the figures by level."""
    entries, kind = forest_of(result, results)
    found = scores_drawing(result, results, scores)
    # In a study of one arm the contrasts are of levels, which have no place among the arms.
    if entries and len(results.plan.arms_of(result.outcome)) > 1:
        found[f"contrasts-{result.outcome.key}"] = lambda: draw_forest(
            entries, kind, results.plan.arms, results.plan.control, results.simulated
        )
    return found | drawings_by_level(result, results)


def forest_of(result: OutcomeResult, results: Results) -> tuple[list[Row], Forest]:
    """Return the arms against the control, as the outcome's analysis expresses the effect."""
    outcome, found = result.outcome, result.decisive
    control = results.labels[results.plan.control]
    if isinstance(found, BinaryTrials):
        entries = [
            _row(contrast, contrast.odds_ratio, result, results) for contrast in found.contrasts
        ]
        effect = "Odds ratio"
    elif isinstance(found, LikelihoodRatio):
        entries = [
            _row(contrast, contrast.odds_ratio, result, results) for contrast in found.contrasts
        ]
        logistic = found.family == "logistic"
        effect = "Odds ratio" if logistic else FAMILIES["ordinal_trials"].effect
    elif isinstance(found, TrialModel):
        entries = [
            _row(contrast, contrast.estimate, result, results) for contrast in found.contrasts
        ]
        effect = FAMILIES[outcome.analysis].effect
    else:  # the fallback compares scores and has its own tables
        entries, effect = [], "Difference"
    ratio = isinstance(found, BinaryTrials | LikelihoodRatio) or outcome.analysis != "linear_trials"
    joint = f"{effect}: arm against “{control}”" if ratio else f"{effect}: arm minus “{control}”"
    note = f"line: interval, not adjusted over the arms · {filled_note(results.plan.alpha)}"
    bounds = None if ratio else outcome.smallest_effect
    return entries, Forest(joint, note, ratio, bounds)


def _row(
    contrast: ModelContrast | OddsContrast | RatioContrast,
    estimate: Estimate | Bound | NotEstimable,
    result: OutcomeResult,
    results: Results,
) -> Row:
    shown = arm_is_shown(contrast.p_adjusted, result, results)
    return Row(contrast.arm, contrast.label, estimate, contrast.p_adjusted, shown)
