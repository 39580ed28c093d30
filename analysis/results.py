"""Results of the whole analysis as a frozen object, which the report and results.json render.

Every number in them comes from this object. Nothing is rounded here, and the same data and plan
give the same bytes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.failures import Failure, Failures
from analysis.outcomes.answer import Answer, Unit, answer_of
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.by_level import ByLevel, arms_by_level
from analysis.outcomes.claim_summary import Summary, summarise_claim
from analysis.outcomes.fallbacks import Fallback, Refusal, as_analysis, fall_back
from analysis.outcomes.finding import FAULT, Failed, OutcomeFinding, p_of
from analysis.plan.plan import EXPLORATORY, Outcome, Plan, Population, analysis_of, resolve
from analysis.sections.agreement import ArmAgreement, agreement_by_arm
from analysis.sections.agreement_by_class import ClassAgreement, agreement_by_class
from analysis.sections.baseline import Covariate, baseline
from analysis.sections.behaviour.measures import BehaviourResults, behaviour
from analysis.sections.collection import Collection, collection
from analysis.sections.data_checks.section import DataChecks, data_checks
from analysis.sections.deviations import Deviation, deviations
from analysis.sections.diagnoses import Diagnoses, diagnoses
from analysis.sections.instruments import Instrument, instruments
from analysis.sections.looks.results import Looked, looked
from analysis.sections.optional import optional_results
from analysis.sections.participant_flow import Flow, study_flow
from analysis.sections.sample_size import SampleNeeded, sample_needed
from analysis.sections.signals.section import (
    SignsOfPrograms,
    WithoutFlagged,
    without_flagged,
)
from analysis.sections.stimuli_shown import StimuliShown, stimuli_shown
from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import HypothesisTest, NotEstimable, attempt
from analysis.statistics.multiplicity import benjamini_hochberg, holm
from analysis.study_data.missing import MissingRow, missing_by_arm
from analysis.study_data.numerics import with_analysis_settings
from analysis.study_data.populations import (
    FlowRow,
    members,
    outcome_scores,
    participant_flow,
    score_table,
)
from analysis.study_data.provenance import Provenance, provenance
from analysis.study_data.score_range import UNKNOWN, Range, score_range
from analysis.study_data.study_data import StudyData
from analysis.study_data.without_logarithm import WithoutLogarithm, count_without_logarithm

SCHEMA = 2  # version of results.json; raised when a key changes or is removed (old_results)
T = TypeVar("T")
Adjustment = Literal["Holm", "Benjamini-Hochberg"]
PrintedUnit = Unit | Literal["none"]


@dataclass(frozen=True)
class Sensitivity:
    """The outcome's test in the other set (per-protocol or intention-to-treat).

    It does not enter a family. `fallback` is the analysis that supplied the test, if it is not the
    planned analysis.
    """

    population: Population
    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable
    fallback: str | None = None


@dataclass(frozen=True)
class OutcomeResult:
    """An outcome of the plan with the results of its analysis.

    `p_adjusted` is adjusted over the outcome's family by Holm, and over the exploratory outcomes by
    Benjamini and Hochberg. `family_without_test` lists the outcomes of the family that have no
    test; each stays in the family with p = 1. `refused` lists the analyses that have no test for
    the data, the planned analysis first; `fallback` is the analysis that supplies the test instead.
    `score_range` is the lowest and the highest possible score, if known. `answer` contains the
    differences that page one reports; it is None if the analysis compares nothing.
    `looked` has the results that allow for looks before the end, whose p enters the family in
    place of the test's. `by_level` compares the arms at each level of the factor `within`; it is
    exploratory and decides nothing.
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
    fallback: Fallback | None = None
    refused: tuple[Refusal, ...] = ()
    family_without_test: tuple[str, ...] = ()
    answer: Answer | None = None
    looked: Looked | None = None
    by_level: ByLevel | None = None

    @property
    def decisive(self) -> OutcomeFinding:
        """Return the results of the analysis that supplies the outcome's test."""
        return self.found if self.fallback is None else self.fallback.found

    @property
    def test(self) -> HypothesisTest | NotEstimable:
        """Return the test that enters the outcome's family, by the planned or another analysis."""
        return self.decisive.test


@dataclass(frozen=True)
class Results:
    """The complete analysis of a study.

    A part that failed with an unexpected error is empty or None, and listed in `failures`.
    """

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
    data_checks: DataChecks | None
    stimuli_shown: StimuliShown | None
    agreement: tuple[ArmAgreement, ...]
    agreement_by_class: tuple[ClassAgreement, ...]
    diagnoses: Diagnoses | None
    behaviour: BehaviourResults | None
    outcomes: tuple[OutcomeResult, ...]
    deviations: tuple[Deviation, ...]
    optional_sections: Mapping[str, Any]  # by key of OPTIONAL_SECTIONS, as the plan declares
    failures: tuple[Failure, ...] = ()
    collection: Collection | None = None

    @property
    def confirmatory(self) -> tuple[OutcomeResult, ...]:
        """Return the outcomes that the plan makes claims about."""
        return tuple(result for result in self.outcomes if result.outcome.role != EXPLORATORY)

    @property
    def exploratory(self) -> tuple[OutcomeResult, ...]:
        """Return the exploratory outcomes, which belong to no confirmatory family."""
        return tuple(result for result in self.outcomes if result.outcome.role == EXPLORATORY)


def printed_unit(result: OutcomeResult) -> PrintedUnit:
    """Return the unit of the outcome's differences, "none" if its scale is unknown.

    Only a scale with known ends has points; a count or an amount has none.
    """
    if result.answer is None:
        raise ValueError(f"{result.outcome.key} has no answer")
    unit = result.answer.unit
    return "none" if unit == "points" and None in result.score_range else unit


def is_shown(result: OutcomeResult, results: Results) -> bool:
    """Return whether p, adjusted over the family, is below alpha."""
    return result.p_adjusted is not None and result.p_adjusted < results.plan.alpha


def arm_is_shown(p_adjusted: float | None, result: OutcomeResult, results: Results) -> bool:
    """Return whether text and figures may claim the difference of an arm from the control.

    Both p must be below alpha: the arm's, adjusted over the arms, and the outcome's.
    """
    below = p_adjusted is not None and p_adjusted < results.plan.alpha
    return below and is_shown(result, results)


@with_analysis_settings
def compute(
    data: StudyData, scores: pd.DataFrame, told: Callable[[str], None] = lambda step: None
) -> Results:
    """Carry out the plan on the scores (populations.score_table).

    `told` is called with each step of the work.
    """
    simulated = data.participants["simulated"] == 1
    # The flow is checked first: if its sums are wrong, no result should be written.
    rows = participant_flow(data, scores)
    flow = study_flow(data, rows)
    sample = _sample(data, flow)
    failures = Failures()

    def part(name: str, compute: Callable[[], T], instead: T) -> T:
        return failures.guarded(name, compute, lambda _: instead)

    outcomes = outcome_results(data, scores, failures, told)
    told("other parts")
    gathered = part("Time of the collection", lambda: collection(data), None)
    agreed = bool(data.trials["agreed"].notna().any())
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
        part("Baseline characteristics", lambda: baseline(data), ()),
        part("Missing answers", lambda: missing_by_arm(data), ()),
        sample,
        part("Instruments", lambda: instruments(data), ()),
        part("Checks of the data", lambda: data_checks(data, failures), None),
        part("Stimuli", lambda: stimuli_shown(data), None),
        part("Agreement", lambda: agreement_by_arm(data) if agreed else (), ()),
        part("Agreement by class", lambda: agreement_by_class(data), ()),
        part("What participants say is wrong", lambda: diagnoses(data), None),
        part("Measures of behaviour", lambda: behaviour(data), None),
        outcomes,
        deviations(data, outcomes, sample),
        _with_signals(data, optional_results(data, scores, failures), failures),
        tuple(failures.found),
        gathered,
    )


def _with_signals(
    data: StudyData, optional: Mapping[str, Any], failures: Failures
) -> Mapping[str, Any]:
    """Add the confirmatory outcomes without the participants whom signs of programs flag."""
    found = optional.get("signals")
    if not isinstance(found, SignsOfPrograms) or not found.participants or found.left_empty:
        return optional
    exclusions = (*data.plan.exclusions, without_flagged(found))
    left = replace(data, plan=replace(data.plan, exclusions=exclusions))
    without = failures.guarded(
        "Signs of programs, results without the flagged",
        lambda: _without_flagged(left),
        lambda _: (),
    )
    return {**optional, "signals": replace(found, without=without)}


def _without_flagged(data: StudyData) -> tuple[WithoutFlagged, ...]:
    # Failures here are told as "not estimable"; the outcomes themselves have told their own.
    outcomes = outcome_results(data, score_table(data), Failures())
    return tuple(
        WithoutFlagged(
            one.outcome.key,
            one.outcome.label,
            sum(arm.n for arm in one.decisive.arms),
            one.test,
            one.p_adjusted,
            one.p_adjusted is not None and one.p_adjusted < data.plan.alpha,
            one.answer,
        )
        for one in outcomes
        if one.outcome.role != EXPLORATORY
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


def outcome_results(
    data: StudyData,
    scores: pd.DataFrame,
    failures: Failures,
    told: Callable[[str], None] = lambda step: None,
) -> tuple[OutcomeResult, ...]:
    """Carry out the plan's outcomes alone, each with its p adjusted over its family."""
    # Trials without a logarithm are refused first, because no analysis notices them any more.
    unlogged = count_without_logarithm(data)
    found = {}
    for number, outcome in enumerate(data.plan.outcomes, start=1):
        told(f"outcome {number} of {len(data.plan.outcomes)}")
        found[outcome.key] = _with_fallback(data, scores, outcome, failures)
    # All tests must exist before any p can be adjusted over its family.
    p_values = {key: p_of(one.decisive) for key, one in found.items()}
    after_looks = _after_looks(data, scores, failures)
    # A p that ignores looks would claim too much, so it never enters the family.
    p_values |= {key: one.p if one else None for key, one in after_looks.items()}
    results: dict[str, OutcomeResult] = {}
    for name, family in data.plan.families.items():
        adjust = benjamini_hochberg if name == EXPLORATORY else holm
        kind: Adjustment = "Benjamini-Hochberg" if name == EXPLORATORY else "Holm"
        adjusted = adjust({outcome.key: p_values[outcome.key] for outcome in family})
        untested = tuple(outcome.key for outcome in family if p_values[outcome.key] is None)
        for outcome in family:
            results[outcome.key] = _result(
                data, scores, outcome, found[outcome.key], adjusted[outcome.key], failures
            )
            results[outcome.key] = replace(
                results[outcome.key],
                family_size=len(family),
                adjustment=kind,
                family_without_test=untested,
                without_logarithm=unlogged.get(outcome.key),
                answer=_allowing_for_looks(
                    _answer(data, results[outcome.key], adjusted[outcome.key], failures),
                    outcome,
                    after_looks.get(outcome.key),
                ),
                looked=after_looks.get(outcome.key),
            )
    return tuple(results[outcome.key] for outcome in data.plan.outcomes)


def _allowing_for_looks(
    answer: Answer | None, outcome: Outcome, after_looks: Looked | None
) -> Answer | None:
    """Return the answer with the estimate that allows for looks, if it is in the answer's unit."""
    if answer is None or after_looks is None or len(answer.differences) != 1:
        return answer
    # The answer of a logistic model is a difference of shares, but the looks are at the odds.
    if outcome.analysis == "logistic_trials":
        return answer
    return replace(
        answer, differences=(replace(answer.differences[0], estimate=after_looks.estimate),)
    )


def _after_looks(
    data: StudyData, scores: pd.DataFrame, failures: Failures
) -> dict[str, Looked | None]:
    """Return the results that allow for looks, by outcome: of the outcome of [looks] alone."""
    looks = data.plan.looks
    return {
        outcome.key: failures.guarded(
            f"Outcome “{outcome.label}”, looks",
            partial(looked, data, scores, outcome),
            lambda _: None,
        )
        for outcome in data.plan.outcomes
        if looks is not None and looks.outcome == outcome.key
    }


@dataclass(frozen=True)
class _Found:
    """The results of the planned analysis and, if it has no test, of its fallbacks."""

    planned: OutcomeFinding
    fallback: Fallback | None
    refused: tuple[Refusal, ...]

    @property
    def decisive(self) -> OutcomeFinding:
        return self.planned if self.fallback is None else self.fallback.found


def _with_fallback(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, failures: Failures
) -> _Found:
    """Return the results of the outcome's analysis, marked as failed after an unexpected error."""

    def run(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> OutcomeFinding:
        return failures.guarded(
            f"Outcome “{outcome.label}”, {outcome.analysis}",
            lambda: analysed(data, scores, outcome),
            _failed,
        )

    planned = run(data, scores, outcome)
    if isinstance(planned, Failed):
        return _Found(planned, None, ())
    return _Found(planned, *fall_back(data, scores, outcome, planned, run))


def _failed(failure: Failure) -> Failed:
    return Failed(
        (), NotEstimable(FAULT, f"the analysis failed with an unexpected {failure.error}")
    )


def analysed(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> OutcomeFinding:
    """Return the result of the outcome's analysis."""
    try:
        found: OutcomeFinding = resolve(analysis_of(outcome).path)(data, scores, outcome)
    except NotEstimableError as error:
        return Failed((), NotEstimable(analysis_of(outcome).label, str(error)))
    return found


def _result(
    data: StudyData,
    scores: pd.DataFrame,
    outcome: Outcome,
    found: _Found,
    p_adjusted: float | None,
    failures: Failures,
) -> OutcomeResult:
    decisive, name = found.decisive, f"Outcome “{outcome.label}”"
    # A part that fails is replaced by an empty one and listed, and the rest of the outcome stays.
    used = outcome if found.fallback is None else as_analysis(outcome, found.fallback.analysis)
    summary = failures.guarded(
        f"{name}, summary",
        lambda: summarise_claim(data, used, decisive),
        lambda _: Summary("none", 0, "scores", 0, None, None, ""),
    )
    if found.fallback is not None:
        summary = replace(summary, model=f"{summary.model} (fallback)")
    return OutcomeResult(
        outcome,
        found.planned,
        p_adjusted,
        0,
        summary,
        failures.guarded(
            f"{name}, assumptions",
            lambda: _assumptions(data, scores, outcome, found),
            lambda _: (),
        ),
        "Holm",
        failures.guarded(
            f"{name}, sensitivity analysis",
            lambda: _sensitivity(data, scores, outcome, found),
            lambda _: None,
        ),
        failures.guarded(
            f"{name}, range of its scores", lambda: score_range(data, outcome), lambda _: UNKNOWN
        ),
        fallback=found.fallback,
        refused=found.refused,
        by_level=failures.guarded(
            f"{name}, its arms by level", lambda: arms_by_level(data, outcome), lambda _: None
        ),
    )


def _answer(
    data: StudyData, result: OutcomeResult, p_adjusted: float | None, failures: Failures
) -> Answer | None:
    """Return the differences that answer the outcome, by the analysis that decides."""
    fallback = result.fallback
    used = result.outcome if fallback is None else as_analysis(result.outcome, fallback.analysis)
    return failures.guarded(
        f"Outcome “{result.outcome.label}”, its answer",
        lambda: answer_of(
            used, result.decisive, p_adjusted, result.score_range, data.plan, data.labels
        ),
        lambda _: None,
    )


def _assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: _Found
) -> tuple[Assumption, ...]:
    """Return the assumptions of the planned analysis and, if a fallback decides, its own too."""
    if isinstance(found.planned, Failed):
        return ()
    parts = [(outcome, found.planned)]
    if found.fallback is not None:
        parts.append((as_analysis(outcome, found.fallback.analysis), found.fallback.found))
    checked: list[Assumption] = []
    for asked, finding in parts:
        checked += resolve(analysis_of(asked).assumptions)(data, scores, asked, finding)
    return tuple(checked)


def _sensitivity(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: _Found
) -> Sensitivity | None:
    """Return the test in the other set, or None if there are no exclusions."""
    if not data.rules:
        return None
    other: Population = "randomised" if outcome.population == "per_protocol" else "per_protocol"
    changed = replace(outcome, population=other)
    # The same people give the same test, which may be a model of many trials.
    compared = data.participants["arm"].isin(data.plan.arms_of(outcome))
    if not (compared & (members(data, other) != members(data, outcome.population))).any():
        fallback = found.fallback
        key = None if fallback is None else fallback.analysis
        return Sensitivity(other, found.decisive.arms, found.decisive.test, key)
    population = scores.assign(**{outcome.key: outcome_scores(data, changed).to_numpy()})
    again = _arms_and_test(data, population, changed)
    fallback, _ = fall_back(data, population, changed, again, _arms_and_test)
    if fallback is None:
        return Sensitivity(other, again.arms, again.test)
    return Sensitivity(other, fallback.found.arms, fallback.found.test, fallback.analysis)


def _arms_and_test(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> OutcomeFinding:
    analysis = analysis_of(outcome)
    found: OutcomeFinding = resolve(analysis.check or analysis.path)(data, scores, outcome)
    return found
