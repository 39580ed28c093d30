"""From plan.toml to a Plan: everything wrong in it is said at once."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import PlanError
from analysis.plan import ANALYSES, KINDS, POPULATIONS, Outcome, Plan

OUTCOME_KEYS = tuple(field.name for field in fields(Outcome))
PLAN_KEYS = tuple(field.name for field in fields(Plan))
KEY = re.compile(r"[a-z][a-z0-9_-]{0,60}")
SCORE_COLUMNS = ("participant", "arm", "state", "simulated")  # of scores.csv, besides the outcomes
NUMERIC = ("integer", "number")


def read_plan(path: Path) -> Plan:
    """The plan in the file; raises PlanError with every problem that the file alone can show."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PlanError([f"{path.name} does not exist. Write it, or use --plan."]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError([f"{path.name} is not a TOML file: {error}."]) from error
    return parse_plan(document)


def parse_plan(document: Mapping[str, Any]) -> Plan:
    """The plan that the parsed TOML describes, or PlanError."""
    problems = _plan_problems(document)
    if problems:
        raise PlanError(problems)
    outcomes = tuple(_outcome(entry) for entry in document["outcomes"])
    rest = {key: document[key] for key in document if key not in ("arms", "outcomes")}
    return Plan(arms=tuple(document["arms"]), outcomes=outcomes, **{"title": "", **rest})


def problems_with_table(plan: Plan, codebook: pd.DataFrame) -> list[str]:
    """What the plan asks of the tables that their codebook says they do not hold."""
    types = trial_types(codebook)
    return [
        problem
        for outcome in plan.outcomes
        for problem in [*_scale_problems(outcome, codebook), *_column_problems(outcome, types)]
    ]


def trial_types(codebook: pd.DataFrame) -> dict[str, str]:
    """Type by column of trials.csv, with the one column that the analysis itself derives."""
    rows = codebook[codebook["file"] == "trials.csv"]
    return {**dict(zip(rows["column"], rows["type"], strict=True)), "decision_correct": "integer"}


def _plan_problems(document: Mapping[str, Any]) -> list[str]:
    problems = _unknown_keys("the plan", document, PLAN_KEYS)
    problems += [
        f"the plan lacks {key!r}. Add it."
        for key in ("control", "arms", "outcomes")
        if key not in document
    ]
    arms, outcomes = document.get("arms", []), document.get("outcomes", [])
    if not _texts(arms) or len(arms) < 2 or len(set(arms)) < len(arms):
        problems.append(f"arms must list two or more different arm keys, got {arms!r}.")
    elif "control" in document and document["control"] not in arms:
        problems.append(f"control {document['control']!r} is not among the arms {arms}. Name one.")
    alpha = document.get("alpha", 0.05)
    if not isinstance(alpha, float) or not 0 < alpha < 0.5:
        problems.append(f"alpha must be a number above 0 and below 0.5, got {alpha!r}.")
    if not isinstance(document.get("title", ""), str):
        problems.append(f"title must be text, got {document['title']!r}.")
    if not isinstance(document.get("mix_simulated_and_real", False), bool):
        problems.append("mix_simulated_and_real must be true or false.")
    if not _tables(outcomes):
        return [*problems, "outcomes must be one or more [[outcomes]] tables."]
    keys = [entry.get("key") for entry in outcomes]
    repeated = sorted({str(key) for key in keys if keys.count(key) > 1 and key is not None})
    if repeated:
        problems.append(f"the outcome keys {repeated} stand more than once. Rename one of each.")
    return problems + [line for entry in outcomes for line in _outcome_problems(entry)]


def _key_problems(name: str, entry: Mapping[str, Any]) -> list[str]:
    """An outcome's key becomes a column of scores.csv and a part of file names."""
    key = entry.get("key")
    if not isinstance(key, str) or (KEY.fullmatch(key) and key not in SCORE_COLUMNS):
        return []
    return [
        f"{name}: the key must be small letters, digits, _ and -, start with a letter, and be none "
        f"of {list(SCORE_COLUMNS)}. Rename it."
    ]


def _outcome_problems(entry: Mapping[str, Any]) -> list[str]:
    name = f"outcome {entry.get('key', '(without key)')!r}"
    problems = _unknown_keys(name, entry, OUTCOME_KEYS)
    texts = [key for key in OUTCOME_KEYS if key != "where"]
    required = ("key", "label", "kind")
    problems += [f"{name} lacks {key!r}. Add it." for key in required if key not in entry]
    problems += [
        f"{name}: {key} must be a non-empty text, got {entry[key]!r}."
        for key in texts
        if key in entry and not (isinstance(entry[key], str) and entry[key].strip())
    ]
    problems += _key_problems(name, entry)
    problems += _unlisted(name, entry, "kind", [kind.key for kind in KINDS])
    problems += _unlisted(name, entry, "analysis", [analysis.key for analysis in ANALYSES])
    problems += _unlisted(name, entry, "population", POPULATIONS)
    where = entry.get("where", {})
    if not isinstance(where, dict) or not all(_is_cell(value) for value in where.values()):
        problems.append(f"{name}: where must be a table of column = value, got {where!r}.")
    return problems + [
        f"{name}: kind {kind.key!r} needs {key!r}. Add it."
        for kind in KINDS
        if kind.key == entry.get("kind")
        for key in kind.needs
        if key not in entry
    ]


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


def _column_problems(outcome: Outcome, types: Mapping[str, str]) -> list[str]:
    problems = [
        f"outcome {outcome.key!r}: {column!r} is not a column of trials.csv. Name one of "
        f"{sorted(types)}."
        for column in [outcome.column, *outcome.where]
        if column is not None and column not in types
    ]
    kind = types.get(outcome.column or "")
    if kind is not None and kind not in NUMERIC:
        problems.append(f"outcome {outcome.key!r}: {outcome.column!r} is {kind}, no number.")
    return problems + [
        f"outcome {outcome.key!r}: where {column} = {value!r}, but that column is {types[column]}."
        for column, value in outcome.where.items()
        if column in types and isinstance(value, str) == (types[column] in NUMERIC)
    ]


def _outcome(entry: Mapping[str, Any]) -> Outcome:
    kind = next(kind for kind in KINDS if kind.key == entry["kind"])
    return Outcome(**{"population": kind.population, **entry})


def _unknown_keys(name: str, table: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    return [
        f"{name} has an unknown key {key!r}{_suggest(key, known)}. Known: {', '.join(known)}."
        for key in table
        if key not in known
    ]


def _unlisted(name: str, entry: Mapping[str, Any], key: str, known: Sequence[str]) -> list[str]:
    value = entry.get(key)
    if value is None or value in known:
        return []
    return [f"{name}: unknown {key} {value!r}{_suggest(str(value), known)}. Known: {list(known)}."]


def _suggest(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) and entry for entry in value)


def _tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(e, dict) for e in value)


def _is_cell(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
