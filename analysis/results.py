"""Everything that the analysis found, as one frozen object: the report and results.json render it.

No number in them has another source, none is rounded here, and the same data and plan give the
same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from analysis.agreement import ArmAgreement, agreement_by_arm
from analysis.instruments import Instrument, instruments
from analysis.multiplicity import holm
from analysis.one_way import OneWay
from analysis.plan import Outcome, Plan, analysis_of, resolve
from analysis.populations import FlowRow, participant_flow
from analysis.provenance import Provenance, provenance
from analysis.shown import Shown, what_was_shown
from analysis.table import StudyData

SCHEMA = 1  # of results.json; raised when a key changes its meaning or goes


@dataclass(frozen=True)
class OutcomeResult:
    """One outcome of the plan, what its analysis found, and p adjusted over its family (Holm)."""

    outcome: Outcome
    found: OneWay
    p_adjusted: float | None
    family_size: int


@dataclass(frozen=True)
class Results:
    """The whole analysis of one study."""

    schema: int
    title: str
    simulated: bool
    simulated_and_real: bool
    provenance: Provenance
    plan: Plan
    labels: Mapping[str, str]
    flow: tuple[FlowRow, ...]
    instruments: tuple[Instrument, ...]
    shown: Shown
    agreement: tuple[ArmAgreement, ...]
    outcomes: tuple[OutcomeResult, ...]


def compute(data: StudyData, scores: pd.DataFrame) -> Results:
    """Carry out the plan on the scores (populations.score_table)."""
    simulated = data.participants["simulated"] == 1
    return Results(
        SCHEMA,
        data.plan.title or str(data.manifest.get("title", "")) or "Untitled study",
        bool(simulated.any()),
        bool(simulated.any() and not simulated.all()),
        provenance(data),
        data.plan,
        data.labels,
        participant_flow(data, scores),
        instruments(data),
        what_was_shown(data),
        agreement_by_arm(data),
        _outcomes(data, scores),
    )


def to_json(results: Results) -> str:
    """results.json: keys sorted, numbers in full, never a NaN (ValueError instead)."""
    document = json.dumps(
        asdict(results), sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False
    )
    return document + "\n"


def _outcomes(data: StudyData, scores: pd.DataFrame) -> tuple[OutcomeResult, ...]:
    found = {
        outcome.key: resolve(analysis_of(outcome).path)(scores, outcome, data.plan, data.labels)
        for outcome in data.plan.outcomes
    }
    adjusted: dict[str, float | None] = {}
    sizes: dict[str, int] = {}
    for family in data.plan.families.values():
        adjusted |= _adjusted(family, found)
        sizes |= {outcome.key: len(family) for outcome in family}
    return tuple(
        OutcomeResult(outcome, found[outcome.key], adjusted[outcome.key], sizes[outcome.key])
        for outcome in data.plan.outcomes
    )


def _adjusted(family: Sequence[Outcome], found: Mapping[str, OneWay]) -> dict[str, float | None]:
    return holm({outcome.key: found[outcome.key].p for outcome in family})
