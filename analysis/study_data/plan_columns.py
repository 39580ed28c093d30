"""What a plan asks of the tables, checked against their codebook."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

import pandas as pd

from analysis.plan.plan import MEASURES, Outcome, Plan, analysis_of
from analysis.plan.tables import Behaviour, Exclusion
from analysis.study_data.columns import BLOCKS
from analysis.study_data.decisions import DERIVED

BLOCK_COLUMNS = ("condition", "block")
NUMERIC = ("integer", "number")
NOT_COLUMNS = ("confidence_range", "probability_range", "smallest_gap", "chance", "shortest_time")


def problems_with_table(plan: Plan, codebook: pd.DataFrame) -> list[str]:
    """What the plan asks of the tables that their codebook says they do not hold."""
    types = trial_types(codebook)
    items = codebook.dropna(subset=["item"])
    problems = [
        problem
        for outcome in plan.outcomes
        for problem in [
            *_scale_problems(outcome, codebook),
            *_item_problems(f"outcome {outcome.key!r}", outcome.item, items),
            *_column_problems(outcome, types),
            *_factor_problems(outcome, codebook, items),
            *_measure_problems(outcome, plan),
            *_block_problems(outcome, codebook),
        ]
    ]
    for exclusion in plan.exclusions:
        problems += _exclusion_problems(exclusion, types, codebook, items)
    problems += _covariate_problems(plan.covariates, codebook, items)
    if plan.behaviour is not None:
        problems += _behaviour_problems(plan.behaviour, types)
    return problems


def trial_types(codebook: pd.DataFrame) -> dict[str, str]:
    """Type by column of trials.csv, with those that the analysis itself derives."""
    return {**_types(codebook, "trials.csv"), **dict.fromkeys(DERIVED, "integer")}


def _types(codebook: pd.DataFrame, file: str) -> dict[str, str]:
    rows = codebook[(codebook["file"] == file) & codebook["item"].isna()]
    return dict(zip(rows["column"], rows["type"], strict=True))


def _scale_problems(outcome: Outcome, codebook: pd.DataFrame) -> list[str]:
    if outcome.scale is None:
        return []
    items = codebook.dropna(subset=["scale", "item"])
    found = items.loc[items["scale"] == outcome.scale, "questionnaire"].unique()
    if len(found) == 1:
        return []
    if len(found) > 1:
        return [
            f"outcome {outcome.key!r}: the scale {outcome.scale!r} stands in the questionnaires "
            f"{sorted(map(str, found))}. Give each its own scale key."
        ]
    known = sorted(items["scale"].unique())
    return [
        f"outcome {outcome.key!r}: the scale {outcome.scale!r} is not in codebook.csv, "
        f"which has {known}. Name one of them."
    ]


def _item_problems(name: str, item: str | None, items: pd.DataFrame) -> list[str]:
    """An item whose answers are to be numbers."""
    if item is None:
        return []
    found = items[items["item"] == item]
    if len(found) == 0:
        return [f"{name}: the item {item!r} is not in codebook.csv. Name one that is."]
    if len(found) > 1:
        return [f"{name}: the item {item!r} stands in several questionnaires. Rename one."]
    if found["type"].iloc[0] not in NUMERIC or found[["minimum", "maximum"]].isna().any(axis=None):
        return [f"{name}: the item {item!r} needs a numeric type, minimum and maximum in its row."]
    return []


def _column_problems(outcome: Outcome, types: Mapping[str, str]) -> list[str]:
    name = f"outcome {outcome.key!r}"
    problems = [
        f"{name}: {column!r} is not a column of trials.csv. Name one of {sorted(types)}."
        for column in [outcome.column, outcome.within, *_random(outcome), *outcome.where]
        if column is not None and column not in types
    ]
    kind = types.get(outcome.column or "")
    if kind is not None and kind not in NUMERIC:
        problems.append(f"{name}: {outcome.column!r} is {kind}, no number.")
    return problems + [
        f"{name}: where {column} = {value!r}, but that column is {types[column]}."
        for column, value in outcome.where.items()
        if column in types and isinstance(value, str) == (types[column] in NUMERIC)
    ]


def _random(outcome: Outcome) -> tuple[str, ...]:
    """The random factors, where the outcome's analysis has any."""
    return outcome.random if analysis_of(outcome).random else ()


def _factor_problems(outcome: Outcome, codebook: pd.DataFrame, items: pd.DataFrame) -> list[str]:
    if outcome.factor is None:
        return []
    columns = _types(codebook, "participants.csv")
    if outcome.factor in columns or outcome.factor in set(items["item"]):
        return []
    return [
        f"outcome {outcome.key!r}: the factor {outcome.factor!r} is neither a column of "
        "participants.csv nor an item. Name one of these."
    ]


def _covariate_problems(
    covariates: Sequence[str], codebook: pd.DataFrame, items: pd.DataFrame
) -> list[str]:
    known = {*_types(codebook, "participants.csv"), *items["item"], *items["scale"].dropna()}
    unknown = [one for one in covariates if one not in known]
    if not unknown:
        return []
    return [
        f"covariates: {unknown} are no column of participants.csv, item or scale. Name one of "
        f"{sorted(map(str, known))}."
    ]


def _measure_problems(outcome: Outcome, plan: Plan) -> list[str]:
    measure = next((one for one in MEASURES if one.key == outcome.measure), None)
    if measure is not None and measure.per != "participant":
        return [
            f"outcome {outcome.key!r}: the measure {measure.key!r} exists per arm, not per "
            "participant, so that arms cannot be compared by scores. It is in the report anyway."
        ]
    return []


def _block_problems(outcome: Outcome, codebook: pd.DataFrame) -> list[str]:
    """A questionnaire can be compared within people where it was asked in each block."""
    if outcome.analysis != "repeated" or outcome.column is not None:
        return []
    name = f"outcome {outcome.key!r}"
    if outcome.measure is not None:
        return [f"{name}: a measure of behaviour has one value a person. Use a trial_mean."]
    if not (codebook["file"] == BLOCKS).any():
        return [
            f"{name}: no questionnaire was asked in each block, so there is nothing to compare "
            "within people. Give the part of the study per_block = true, in a within design."
        ]
    if outcome.within not in BLOCK_COLUMNS:
        return [f"{name}: within is {outcome.within!r}. Of answers it is one of {BLOCK_COLUMNS}."]
    return []


def _exclusion_problems(
    exclusion: Exclusion, types: Mapping[str, str], codebook: pd.DataFrame, items: pd.DataFrame
) -> list[str]:
    name = f"exclusion {exclusion.key!r}"
    on_people = exclusion.rule == "participant"
    file = "participants.csv" if on_people else "trials.csv"
    known = _types(codebook, file) if on_people else types
    named = [exclusion.column, exclusion.differs_from, exclusion.block, *exclusion.columns]
    problems = [
        f"{name}: {column!r} is not a column of {file}. Name one of {sorted(known)}."
        for column in named
        if column is not None and column not in known
    ]
    ordered = exclusion.below is not None or exclusion.above is not None
    kind = known.get(exclusion.column or "")
    if ordered and kind is not None and kind not in NUMERIC:
        problems.append(f"{name}: {exclusion.column!r} is {kind}: it has no below or above.")
    asked = [item for item in [exclusion.item, *exclusion.items] if item is not None]
    unknown = [item for item in asked if item not in set(items["item"])]
    if unknown:
        problems.append(f"{name}: {unknown} are not items of codebook.csv. Name items of it.")
    return problems


def _behaviour_problems(behaviour: Behaviour, types: Mapping[str, str]) -> list[str]:
    estimates = ("estimate_first", "estimate_advice", "estimate_final")
    numbers = ("confidence", "accepted", "response_time", *estimates)
    problems = []
    for field in fields(Behaviour):
        column = getattr(behaviour, field.name)
        if field.name in NOT_COLUMNS or column is None:
            continue
        if column not in types:
            problems.append(f"behaviour: {field.name} = {column!r} is not a column of trials.csv.")
        elif field.name in numbers and types[column] not in NUMERIC:
            problems.append(f"behaviour: {field.name} = {column!r} is {types[column]}.")
    return problems + _ranges(behaviour)


def _ranges(behaviour: Behaviour) -> list[str]:
    problems = []
    ranges: Sequence[tuple[str, tuple[float, ...]]] = (
        ("confidence_range", behaviour.confidence_range),
        ("probability_range", behaviour.probability_range),
    )
    for name, ends in ranges:
        if ends and (len(ends) != 2 or ends[0] >= ends[1]):
            problems.append(f"behaviour: {name} must be [lowest, highest], got {list(ends)}.")
    if bool(behaviour.confidence_range) != bool(behaviour.probability_range):
        problems.append("behaviour: give confidence_range and probability_range, or neither.")
    if behaviour.chance is not None and not 0 < behaviour.chance < 1:
        problems.append(f"behaviour: chance must lie between 0 and 1, got {behaviour.chance}.")
    return problems
