"""What stands behind an outcome's claim, in one place: model, data, size of the effect."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.outcomes.binary_trials import population_trials
from analysis.outcomes.factorial import Factorial
from analysis.outcomes.finding import OutcomeFinding
from analysis.outcomes.one_way import OneWay
from analysis.outcomes.ranks import Ranked
from analysis.outcomes.repeated import Repeated
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.plan import Outcome, analysis_of, analysis_with
from analysis.statistics.estimate import Estimate, NotEstimable
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Summary:
    """The model that the test comes from, and how much is behind it.

    `rows`: what the model was fitted to, scores of participants or trials. `images`: different ones
    in the trials behind the rows, None where there are none or the table does not name them.
    `effect`: of the omnibus test, where one size says it; else the contrasts have their own.
    """

    model: str
    rows: int
    unit: Literal["scores", "trials"]
    participants: int
    images: int | None
    effect: Estimate | NotEstimable | None
    effect_symbol: str


def summarise_claim(data: StudyData, outcome: Outcome, found: OutcomeFinding) -> Summary:
    """Of the analysis that stands for the outcome: the fallback's if the model was not fitted."""
    people = sum(arm.n for arm in found.arms)
    if isinstance(found, Repeated):
        people = found.arms[0].n if found.arms else 0
    trials = None if outcome.column is None else population_trials(data, outcome)
    by_trials = outcome.analysis.endswith("_trials")
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


def _model(outcome: Outcome, found: OutcomeFinding) -> str:
    if not isinstance(found, TrialModel):
        return analysis_of(outcome).model
    if found.model != "none" or outcome.fallback is None:
        return found.model
    return f"{analysis_with(outcome.fallback).model}; the fallback"


def _rows(found: OutcomeFinding, trials: pd.DataFrame | None, people: int) -> int:
    if isinstance(found, TrialModel):
        return found.rows
    return people if trials is None else len(trials)


def _effect(found: OutcomeFinding) -> tuple[Estimate | NotEstimable | None, str]:
    if isinstance(found, OneWay):
        return found.omega_squared, "ω²"
    if isinstance(found, Ranked):
        return found.epsilon_squared, "ε²"
    if isinstance(found, Repeated):
        return found.kendalls_w, "W"
    if isinstance(found, Factorial):
        return found.sizes["a"], "partial η²"
    if isinstance(found, TrialModel) and found.sizes:
        return found.sizes["arm"], "partial η²"
    return None, ""
