"""Summary of an outcome's claim: the model, the data and the effect size behind it."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.outcomes.ancova import Ancova
from analysis.outcomes.binary_trials import population_trials
from analysis.outcomes.factorial import Factorial, factorial_model
from analysis.outcomes.factorial_within import FactorialWithin, factorial_within_model
from analysis.outcomes.finding import OutcomeFinding
from analysis.outcomes.likelihood_ratio import LikelihoodRatio
from analysis.outcomes.mixed_anova import MixedAnova
from analysis.outcomes.one_way import OneWay
from analysis.outcomes.paired import Paired
from analysis.outcomes.paired_preferences import PairedPreferences
from analysis.outcomes.permutation import Permuted
from analysis.outcomes.ranks import Ranked
from analysis.outcomes.repeated import Repeated
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.plan import Outcome, analysis_of
from analysis.statistics.estimate import Estimate, NotEstimable
from analysis.study_data.populations import analysed_people
from analysis.study_data.preferences import comparisons
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Summary:
    """The model that the outcome's test comes from, and the amount of data behind it.

    `rows` counts the rows that the model was fitted to: participants' scores or trials. `images`
    counts the distinct images in the trials behind the rows, and is None without trials or image
    names. `effect` is the effect size of the omnibus test; it is None where only the contrasts have
    effect sizes.
    """

    model: str
    rows: int
    unit: Literal["scores", "trials", "comparisons"]
    participants: int
    images: int | None
    effect: Estimate | NotEstimable | None
    effect_symbol: str


def summarise_claim(data: StudyData, outcome: Outcome, found: OutcomeFinding) -> Summary:
    """Return the summary of the analysis, planned or a fallback, that decides about the outcome."""
    if isinstance(found, PairedPreferences):
        return _of_preferences(data, outcome, found)
    # Within subjects every condition has the full sample, so the arms must not be added up.
    people = sum(arm.n for arm in found.arms)
    if isinstance(found, Factorial):
        people = sum(found.cells.values())  # participants without a level are not analysed
    within = isinstance(found, Permuted) and found.within
    if isinstance(found, Repeated | Paired) or within:
        people = found.arms[0].n if found.arms else 0
    trials = None if outcome.column is None else population_trials(data, outcome)
    by_trials = outcome.analysis.endswith("_trials") or isinstance(found, LikelihoodRatio)
    effect, symbol = _effect(found)
    return Summary(
        _model(outcome, found),
        _rows(found, trials, people) if by_trials else people,
        "trials" if by_trials else "scores",
        int(trials["participant"].nunique()) if by_trials and trials is not None else people,
        None if trials is None or trials["image"].isna().all() else int(trials["image"].nunique()),
        effect,
        symbol,
    )


def _of_preferences(data: StudyData, outcome: Outcome, found: PairedPreferences) -> Summary:
    people = data.participants["participant"][analysed_people(data, outcome).to_numpy()]
    there = comparisons(data, outcome)
    images = there["image"][there["participant"].isin(people)]
    return Summary(
        analysis_of(outcome).model,
        found.comparisons,
        "comparisons",
        found.participants,
        None if images.isna().all() else int(images.nunique()),
        None,
        "",
    )


def _model(outcome: Outcome, found: OutcomeFinding) -> str:
    if isinstance(found, Factorial):
        return factorial_model(outcome)
    if isinstance(found, FactorialWithin):
        return factorial_within_model(outcome)
    if isinstance(found, TrialModel | LikelihoodRatio):
        return found.model
    return analysis_of(outcome).model


def _rows(found: OutcomeFinding, trials: pd.DataFrame | None, people: int) -> int:
    if isinstance(found, TrialModel | LikelihoodRatio):
        return found.rows
    return people if trials is None else len(trials)


def _effect(found: OutcomeFinding) -> tuple[Estimate | NotEstimable | None, str]:
    if isinstance(found, OneWay):
        return found.omega_squared, "ω²"
    if isinstance(found, Ranked):
        return found.epsilon_squared, "ε²"
    if isinstance(found, Repeated):
        return found.kendalls_w, "W"
    if isinstance(found, Paired):
        return found.dz, "dz"
    if isinstance(found, MixedAnova):
        return found.sizes["arm:time"], "partial η²"
    if isinstance(found, Ancova):
        return found.partial_eta_squared, "partial η²"
    if isinstance(found, Factorial | FactorialWithin):
        return found.sizes[found.tested], "partial η²"
    if isinstance(found, TrialModel) and found.sizes:
        # A study of one arm tests the levels of its within factor, which is then the only term.
        return found.sizes.get("arm", next(iter(found.sizes.values()))), "partial η²"
    return None, ""
