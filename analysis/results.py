"""Results of the whole analysis as a frozen object, which the report and results.json render.

Every number in them comes from this object. Nothing is rounded here, and the same data and plan
give the same bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import pandas as pd

from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.claim_summary import Summary, summarise_claim
from analysis.outcomes.finding import OutcomeFinding, p_of
from analysis.plan.plan import EXPLORATORY, Outcome, Plan, Population, analysis_of, resolve
from analysis.sections.agreement import ArmAgreement, agreement_by_arm
from analysis.sections.baseline import Covariate, baseline
from analysis.sections.behaviour.measures import BehaviourResults, behaviour
from analysis.sections.data_checks.section import DataChecks, data_checks
from analysis.sections.deviations import Deviation, deviations
from analysis.sections.instruments import Instrument, instruments
from analysis.sections.optional import optional_results
from analysis.sections.participant_flow import Flow, study_flow
from analysis.sections.sample_size import SampleNeeded, sample_needed
from analysis.sections.stimuli_shown import StimuliShown, stimuli_shown
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import HypothesisTest, NotEstimable, attempt
from analysis.statistics.multiplicity import benjamini_hochberg, holm
from analysis.study_data.missing import MissingRow, missing_by_arm
from analysis.study_data.numerics import single_threaded
from analysis.study_data.populations import FlowRow, members, outcome_scores, participant_flow
from analysis.study_data.provenance import Provenance, provenance
from analysis.study_data.score_range import UNKNOWN, Range, score_range
from analysis.study_data.study_data import StudyData
from analysis.study_data.without_logarithm import WithoutLogarithm, count_without_logarithm

SCHEMA = 2  # version of results.json; raised when a key changes or is removed (old_results)
Adjustment = Literal["Holm", "Benjamini-Hochberg"]


@dataclass(frozen=True)
class Sensitivity:
    """The outcome's test in the other set (per-protocol or intention-to-treat).

    It does not enter a family.
    """

    population: Population
    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable


@dataclass(frozen=True)
class OutcomeResult:
    """An outcome of the plan with the results of its analysis.

    `p_adjusted` is adjusted over the outcome's family by Holm, and over the exploratory outcomes by
    Benjamini and Hochberg. `score_range` is the lowest and the highest possible score, if known.
    """

    outcome: Outcome
    found: OutcomeFinding
    p_adjusted: float | None
    family_size: int
    summary: Summary
    assumptions: tuple[Assumption, ...]
    adjustment: Adjustment = "Holm"
    sensitivity: Sensitivity | None = None
    score_range: Range = UNKNOWN
    without_logarithm: WithoutLogarithm | None = None  # trials left out, if the plan declares it


@dataclass(frozen=True)
class Results:
    """The complete analysis of a study."""

    schema: int
    title: str
    simulated: bool
    simulated_and_real: bool
    provenance: Provenance
    plan: Plan
    labels: Mapping[str, str]
    flow: tuple[FlowRow, ...]
    study_flow: Flow
    baseline: tuple[Covariate, ...]
    missing: tuple[MissingRow, ...]
    sample: SampleNeeded | NotEstimable | None
    instruments: tuple[Instrument, ...]
    data_checks: DataChecks
    stimuli_shown: StimuliShown
    agreement: tuple[ArmAgreement, ...]
    behaviour: BehaviourResults | None
    outcomes: tuple[OutcomeResult, ...]
    deviations: tuple[Deviation, ...]
    optional_sections: Mapping[str, Any]  # by key of OPTIONAL_SECTIONS, as the plan declares

    @property
    def confirmatory(self) -> tuple[OutcomeResult, ...]:
        """Return the outcomes that the plan makes claims about."""
        return tuple(result for result in self.outcomes if result.outcome.role != EXPLORATORY)

    @property
    def exploratory(self) -> tuple[OutcomeResult, ...]:
        """Return the exploratory outcomes, which belong to no confirmatory family."""
        return tuple(result for result in self.outcomes if result.outcome.role == EXPLORATORY)


def is_shown(result: OutcomeResult, results: Results) -> bool:
    """Return whether p, adjusted over the family, is below alpha."""
    return result.p_adjusted is not None and result.p_adjusted < results.plan.alpha


def arm_is_shown(p_adjusted: float | None, result: OutcomeResult, results: Results) -> bool:
    """Return whether text and figures may claim the difference of an arm from the control.

    Both p must be below alpha: the arm's, adjusted over the arms, and the outcome's.
    """
    below = p_adjusted is not None and p_adjusted < results.plan.alpha
    return below and is_shown(result, results)


@single_threaded
def compute(data: StudyData, scores: pd.DataFrame) -> Results:
    """Carry out the plan on the scores (populations.score_table)."""
    simulated = data.participants["simulated"] == 1
    # The flow is checked first: if its sums are wrong, no result should be written.
    rows = participant_flow(data, scores)
    flow = study_flow(data, rows)
    sample = _sample(data, flow)
    outcomes = _outcomes(data, scores)
    return Results(
        SCHEMA,
        data.plan.title or str(data.manifest.get("title", "")) or "Untitled study",
        bool(simulated.any()),
        bool(simulated.any() and not simulated.all()),
        provenance(data),
        data.plan,
        data.labels,
        rows,
        flow,
        baseline(data),
        missing_by_arm(data),
        sample,
        instruments(data),
        data_checks(data),
        stimuli_shown(data),
        agreement_by_arm(data) if data.trials["agreed"].notna().any() else (),
        behaviour(data),
        outcomes,
        deviations(data, outcomes, sample),
        optional_results(data, scores),
    )


def to_json(results: Results) -> str:
    """Return results.json with sorted keys and unrounded numbers.

    Raises ValueError for NaN.
    """
    document = json.dumps(
        asdict(results), sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False
    )
    return document + "\n"


def _sample(data: StudyData, flow: Flow) -> SampleNeeded | NotEstimable | None:
    goal = data.plan.sample_goal
    if goal is None:
        return None
    analysed = min(flow.sets.per_protocol.values())
    return attempt(
        "sample size",
        lambda: sample_needed(goal, len(data.plan.arms), data.plan.alpha, analysed),
    )


def _outcomes(data: StudyData, scores: pd.DataFrame) -> tuple[OutcomeResult, ...]:
    # Trials without a logarithm are refused first, because no analysis notices them any more.
    unlogged = count_without_logarithm(data)
    found = {outcome.key: analysed(data, scores, outcome) for outcome in data.plan.outcomes}
    # All tests must exist before any p can be adjusted over its family.
    p_values = {key: p_of(result) for key, result in found.items()}
    results: dict[str, OutcomeResult] = {}
    for name, family in data.plan.families.items():
        adjust = benjamini_hochberg if name == EXPLORATORY else holm
        kind: Adjustment = "Benjamini-Hochberg" if name == EXPLORATORY else "Holm"
        adjusted = adjust({outcome.key: p_values[outcome.key] for outcome in family})
        results |= {
            outcome.key: OutcomeResult(
                outcome,
                found[outcome.key],
                adjusted[outcome.key],
                len(family),
                summarise_claim(data, outcome, found[outcome.key]),
                _assumptions(data, scores, outcome, found[outcome.key]),
                kind,
                _sensitivity(data, scores, outcome, found[outcome.key]),
                score_range(data, outcome),
                unlogged.get(outcome.key),
            )
            for outcome in family
        }
    return tuple(results[outcome.key] for outcome in data.plan.outcomes)


def analysed(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> OutcomeFinding:
    """Return the result of the outcome's analysis."""
    found: OutcomeFinding = resolve(analysis_of(outcome).path)(data, scores, outcome)
    return found


def _assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    checked: tuple[Assumption, ...] = resolve(analysis_of(outcome).assumptions)(
        data, scores, outcome, found
    )
    return checked


def _sensitivity(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> Sensitivity | None:
    """Return the test in the other set, or None if the plan has no exclusions."""
    if not data.plan.exclusions:
        return None
    other: Population = "randomised" if outcome.population == "per_protocol" else "per_protocol"
    changed = replace(outcome, population=other)
    # The same people give the same test, which may be a model of many trials.
    compared = data.participants["arm"].isin(data.plan.arms_of(outcome))
    if not (compared & (members(data, other) != members(data, outcome.population))).any():
        return Sensitivity(other, found.arms, found.test)
    population = scores.assign(**{outcome.key: outcome_scores(data, changed).to_numpy()})
    analysis = analysis_of(outcome)
    again: OutcomeFinding = resolve(analysis.check or analysis.path)(data, population, changed)
    return Sensitivity(other, again.arms, again.test)
