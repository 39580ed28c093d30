"""Columns, items and scales that a plan uses, checked against the codebook of the tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields

import pandas as pd

from analysis.plan.catalogues.behaviour_measures import lacking_keys
from analysis.plan.catalogues.signal_rules import rule_named
from analysis.plan.plan import (
    MEASURES,
    Outcome,
    Plan,
    analysis_of,
    asked_items,
    compares_times,
    kind_of,
)
from analysis.plan.tables import PLATFORM_BEHAVIOUR, Behaviour, Exclusion
from analysis.study_data.columns import BLOCKS
from analysis.study_data.decisions import DERIVED
from analysis.study_data.times import split_time
from analysis.toml.positions import Path
from analysis.toml.problems import Problem

BLOCK_COLUMNS = ("condition", "block")  # times of a questionnaire that is asked in each block
NUMERIC = ("integer", "number")
NOT_COLUMNS = ("confidence_range", "probability_range", "smallest_gap", "chance", "shortest_time")


def problems_with_table(
    plan: Plan, codebook: pd.DataFrame, empty: Collection[str] = ()
) -> list[Problem]:
    """List the requirements of the plan that the tables, by their codebook, do not meet.

    `empty` are columns of trials.csv that exist in every export and that this study never fills.
    """
    types = trial_types(codebook)
    people = _types(codebook, "participants.csv")
    items = codebook.dropna(subset=["item"])
    problems: list[Problem] = []
    for number, outcome in enumerate(plan.outcomes):
        # Paths are relative to the outcome, and get their prefix here.
        said = [
            *_scale_problems(outcome, codebook),
            *_item_problems(f"outcome {outcome.key!r}", outcome.item, items),
            *_column_problems(outcome, types),
            *_factor_problems(outcome, people, types, items),
            *_measure_problems(outcome, plan, types.keys() - set(empty)),
            *_block_problems(outcome, codebook),
        ]
        problems += [Problem(("outcomes", number, *path), sentence) for path, sentence in said]
    for number, exclusion in enumerate(plan.exclusions):
        said = _exclusion_problems(exclusion, types, people, items)
        problems += [Problem(("exclusions", number, *path), sentence) for path, sentence in said]
    for number, outcome in enumerate(plan.outcomes):
        place = ("outcomes", number, "covariates")
        problems += _covariate_problems(outcome.covariates, place, people, items)
    problems += _covariate_problems(plan.covariates, ("covariates",), people, items)
    problems += _signal_problems(plan, people)
    if plan.behaviour is not None:
        problems += _behaviour_problems(plan.behaviour, types, empty)
    return problems


def _signal_problems(plan: Plan, people: Mapping[str, str]) -> list[Problem]:
    """Report signs of programs of which the data have no counts."""
    asked: list[tuple[Path, str, tuple[str, ...]]] = [
        (("exclusions", number), f"exclusion {exclusion.key!r}", exclusion.signals)
        for number, exclusion in enumerate(plan.exclusions)
        if exclusion.signals
    ]
    if plan.signals is not None:
        asked.append((("signals",), "signals", plan.signals.rules))
    problems = []
    for path, name, rules in asked:
        known = [key for key in rules if set(rule_named(key).needs) <= set(people)]
        if not known:
            said = (
                f"{name}: participants.csv has no counts for {', '.join(rules)}. They are "
                "exported if the study file has [signals] with count = true. Add it, or remove "
                f"the {'exclusion' if path[0] == 'exclusions' else 'table'}."
            )
            problems.append(Problem(path, said))
    return problems


def trial_types(codebook: pd.DataFrame) -> dict[str, str]:
    """Return the type by column of trials.csv, including the columns that the analysis derives."""
    return {**_types(codebook, "trials.csv"), **dict.fromkeys(DERIVED, "integer")}


def _types(codebook: pd.DataFrame, file: str) -> dict[str, str]:
    rows = codebook[(codebook["file"] == file) & codebook["item"].isna()]
    return dict(zip(rows["column"], rows["type"], strict=True))


def _scale_problems(outcome: Outcome, codebook: pd.DataFrame) -> list[Problem]:
    if outcome.scale is None:
        return []
    items = codebook.dropna(subset=["scale", "item"])
    questionnaires = items.loc[items["scale"] == outcome.scale, "questionnaire"].unique()
    if len(questionnaires) == 1:
        return []
    if len(questionnaires) > 1:
        said = (
            f"outcome {outcome.key!r}: the scale {outcome.scale!r} is in the questionnaires "
            f"{', '.join(sorted(map(str, questionnaires)))}. Give each its own scale key."
        )
    else:
        said = (
            f"outcome {outcome.key!r}: the scale {outcome.scale!r} is not in codebook.csv, "
            f"which has {', '.join(sorted(items['scale'].unique()))}. Name one of these."
        )
    return [Problem(("scale",), said)]


def _item_problems(name: str, item: str | None, items: pd.DataFrame) -> list[Problem]:
    """Check an item whose answers must be numbers."""
    if item is None:
        return []
    rows = items[items["item"] == item]
    said = ""
    if len(rows) == 0:
        said = f"{name}: the item {item!r} is not in codebook.csv. Name an item of it."
    elif len(rows) > 1:
        said = f"{name}: the item {item!r} is in several questionnaires. Rename one."
    elif rows["type"].iloc[0] not in NUMERIC or (
        rows[["minimum", "maximum"]].isna().any(axis=None)
    ):
        said = f"{name}: the item {item!r} needs a numeric type, minimum and maximum in its row."
    return [Problem(("item",), said)] if said else []


def _column_problems(outcome: Outcome, types: Mapping[str, str]) -> list[Problem]:
    name = f"outcome {outcome.key!r}"
    # The times of a questionnaire are columns of answers.csv (see times.time_problems).
    of_trials = asked_items(outcome) is None
    where = outcome.where if of_trials else {}
    named: list[tuple[Path, str | None]] = [
        (("column",), outcome.column),
        (("within",), outcome.within if of_trials or not compares_times(outcome) else None),
        *((("random", number), column) for number, column in enumerate(_random(outcome))),
        *((("where", column), column) for column in where),
    ]
    problems = [
        Problem(
            path,
            f"{name}: {column!r} is not a column of trials.csv. Name one of "
            f"{', '.join(sorted(types))}.",
        )
        for path, column in named
        if column is not None and column not in types
    ]
    lacking = [column for column in kind_of(outcome).columns if column not in types]
    if lacking:
        said = (
            f"{name}: the kind {outcome.kind!r} reads {' and '.join(lacking)} of trials.csv, which "
            'has no such column. Add trials with the task "preference", or use another kind.'
        )
        problems.append(Problem(("kind",), said))
    # A mean needs numbers; flags are stored as integers.
    kind = types.get(outcome.column or "")
    if kind is not None and kind not in NUMERIC:
        said = f"{name}: {outcome.column!r} is {kind}, not a number. Name another column."
        problems.append(Problem(("column",), said))
    return problems + [
        Problem(
            ("where", column), f"{name}: where {column} = {value!r}, but that column is {type_}."
        )
        for column, value in where.items()
        if (type_ := types.get(column)) is not None
        if isinstance(value, str) == (type_ in NUMERIC)
    ]


def _random(outcome: Outcome) -> tuple[str, ...]:
    """Return the random factors if the outcome's analysis has any."""
    return outcome.random if analysis_of(outcome).random else ()


def _factor_problems(
    outcome: Outcome, people: Mapping[str, str], trials: Mapping[str, str], items: pd.DataFrame
) -> list[Problem]:
    """Check that each factor is a column of participants.csv or an item, and only one of them.

    Factors of the conditions that a participant goes through are columns of trials.csv.
    """
    named: list[tuple[Path, str]] = [
        (("factors", number), factor) for number, factor in enumerate(outcome.factors)
    ]
    if outcome.factor is not None:
        named.append((("factor",), outcome.factor))
    name = f"outcome {outcome.key!r}"
    if outcome.analysis == "factorial_within":
        return [
            Problem(
                path,
                f"{name}: the factor {factor!r} is not a column of trials.csv. Name one of "
                f"{', '.join(sorted(trials))}.",
            )
            for path, factor in named
            if factor not in trials
        ]
    return [
        Problem(path, f"{name}: the factor {factor!r} {said}")
        for path, factor in named
        if (said := _ambiguity(factor, people, items) or _absence(factor, people, items))
    ]


def _absence(name: str, people: Mapping[str, str], items: pd.DataFrame) -> str:
    if name in people or name in set(items["item"]):
        return ""
    return "is neither a column of participants.csv nor an item. Name one of these."


def _ambiguity(name: str, people: Mapping[str, str], items: pd.DataFrame) -> str:
    """Return why the name could mean two things, or nothing."""
    asked = items.loc[items["item"] == name, "questionnaire"]
    if name in people and len(asked):
        return "is both a column of participants.csv and an item. Rename the item."
    if len(asked) > 1:
        return (
            f"is an item of the questionnaires {', '.join(sorted(map(str, asked)))}. Rename all "
            "but one."
        )
    return ""


def _covariate_problems(
    covariates: Sequence[str], place: Path, people: Mapping[str, str], items: pd.DataFrame
) -> list[Problem]:
    known = {*people, *items["item"], *items["scale"].dropna()}
    ambiguous = [
        Problem(("covariates", number), f"covariates: {name!r} {said}")
        for number, name in enumerate(covariates)
        if (said := _ambiguity(name, people, items))
    ]
    return ambiguous + [
        Problem(
            (*place, number),
            f"covariates: {name!r} is not a column of participants.csv, an item or a scale. Name "
            f"one of {', '.join(sorted(map(str, known)))}.",
        )
        for number, name in enumerate(covariates)
        if split_time(name)[0] not in known
    ]


def _measure_problems(outcome: Outcome, plan: Plan, filled: Collection[str]) -> list[Problem]:
    """Check that the measure exists per participant and that the plan names its columns.

    Without a table [behaviour], the analysis reads the platform's columns that are filled.
    """
    measure = next((m for m in MEASURES if m.key == outcome.measure), None)
    if measure is None:
        return []
    if measure.per != "participant":
        said = (
            f"outcome {outcome.key!r}: the measure {measure.key!r} exists per arm and not "
            "per participant, so arms cannot be compared by it. The report contains it anyway."
        )
        return [Problem(("measure",), said)]
    if plan.behaviour is None:
        usual = vars(PLATFORM_BEHAVIOUR).items()
        named = {key: column for key, column in usual if column in filled}
    else:
        named = vars(plan.behaviour)
    lacking = lacking_keys(measure, named)
    if not lacking:
        return []
    said = (
        f"outcome {outcome.key!r}: the measure {measure.key!r} needs {' and '.join(lacking)}, "
        "which [behaviour] does not name. Name the columns in the plan's table [behaviour], or use "
        "another measure."
    )
    return [Problem(("measure",), said)]


def _block_problems(outcome: Outcome, codebook: pd.DataFrame) -> list[Problem]:
    """Check a within-subjects outcome from a questionnaire, which must be asked in each block."""
    if not compares_times(outcome) or outcome.column is not None:
        return []
    name = f"outcome {outcome.key!r}"
    if outcome.measure is not None:
        said = f"{name}: a measure of behaviour has one value per participant. Use a trial_mean."
        return [Problem(("measure",), said)]
    if outcome.within in BLOCK_COLUMNS and not (codebook["file"] == BLOCKS).any():
        said = (
            f"{name}: no questionnaire was asked in each block, so there is nothing to compare "
            "within subjects. Set per_block = true in a part of a within-subjects study."
        )
        return [Problem(("analysis",), said)]
    return []


def _exclusion_problems(
    exclusion: Exclusion, types: Mapping[str, str], people: Mapping[str, str], items: pd.DataFrame
) -> list[Problem]:
    name = f"exclusion {exclusion.key!r}"
    on_people = exclusion.rule == "participant"
    file = "participants.csv" if on_people else "trials.csv"
    # Rules on participants read participants.csv, all other rules read the trials.
    known = people if on_people else types
    named: list[tuple[Path, str | None]] = [
        *(((key,), getattr(exclusion, key)) for key in ("column", "differs_from", "block")),
        *((("columns", number), column) for number, column in enumerate(exclusion.columns)),
    ]
    problems = [
        Problem(
            path,
            f"{name}: {column!r} is not a column of {file}. Name one of "
            f"{', '.join(sorted(known))}.",
        )
        for path, column in named
        if column is not None and column not in known
    ]
    ordered = "below" if exclusion.below is not None else "above"
    kind = known.get(exclusion.column or "")
    if getattr(exclusion, ordered) is not None and kind is not None and kind not in NUMERIC:
        said = f"{name}: {exclusion.column!r} is {kind} and has no order for {ordered}. Remove it."
        problems.append(Problem((ordered,), said))
    asked: list[tuple[Path, str | None]] = [
        (("item",), exclusion.item),
        *((("items", number), item) for number, item in enumerate(exclusion.items)),
    ]
    return problems + [
        Problem(path, f"{name}: {item!r} is not an item of codebook.csv. Name one of its items.")
        for path, item in asked
        if item is not None and item not in set(items["item"])
    ]


def _behaviour_problems(
    behaviour: Behaviour, types: Mapping[str, str], empty: Collection[str]
) -> list[Problem]:
    estimates = ("estimate_first", "estimate_advice", "estimate_final")
    numbers = ("confidence", "accepted", "response_time", *estimates)
    problems = []
    for field in fields(Behaviour):
        column, path = getattr(behaviour, field.name), ("behaviour", field.name)
        if field.name in NOT_COLUMNS or column is None:
            continue
        if column not in types:
            said = f"behaviour: {field.name} = {column!r} is not a column of trials.csv. Name one "
            problems.append(Problem(path, f"{said}of {', '.join(sorted(types))}."))
        elif column in empty:
            said = f"behaviour: {field.name} = {column!r} is a column that stays empty, because no "
            problems.append(Problem(path, f"{said}task of the study asks it. Name another column."))
        elif field.name in numbers and types[column] not in NUMERIC:
            said = f"behaviour: {field.name} = {column!r} is {types[column]}, not a number."
            problems.append(Problem(path, f"{said} Name another column."))
    return problems
