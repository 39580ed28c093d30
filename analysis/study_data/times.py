"""The times at which a questionnaire was asked, and the answers that an outcome takes from them.

A time is named by columns of answers.csv (plan.TIME_COLUMNS): the part of the study, the block or
its condition, or the page.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from analysis.plan.plan import TIME_COLUMNS, Outcome, Plan, asked_items, compares_times
from analysis.toml.positions import Path
from analysis.toml.problems import Problem
from analysis.toml.value_types import Cell

AT = "@"
"""Separates a scale or item from the part or page in which it was asked, in lists of covariates."""
Times = Mapping[str, Cell]


def time_column(answers: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of plan.TIME_COLUMNS as text, empty where the table does not name a time."""
    if column not in answers:
        return pd.Series("", index=answers.index, dtype="object")
    cells = answers[column].astype("object")
    return cells.where(cells.notna(), "").astype(str)


def answers_at(answers: pd.DataFrame, where: Times) -> pd.DataFrame:
    """Return the answers given at the times that match every entry of `where`, or all if empty."""
    for column, value in where.items():
        answers = answers[time_column(answers, column) == str(value)]
    return answers


def split_time(name: str) -> tuple[str, str]:
    """Return the scale or item and the part or page of a covariate, which is empty for none."""
    key, _, time = name.partition(AT)
    return key, time


def asked_at(answers: pd.DataFrame, time: str) -> pd.DataFrame:
    """Return the answers given in the part or on the page named `time`, or all if it is empty."""
    if not time:
        return answers
    named = (time_column(answers, "part") == time) | (time_column(answers, "page") == time)
    return answers[named]


def pages_of(answers: pd.DataFrame) -> pd.Series:
    """Return the most precise name of the time of each answer: the page, or else part and block."""
    page = time_column(answers, "page")
    parts = time_column(answers, "part").str.cat(time_column(answers, "block"), sep=AT)
    return page.where(page != "", parts.str.strip(AT))


def pages_asked(answers: pd.DataFrame) -> list[str]:
    """Return the times of these answers in their order if a participant has several, else [""]."""
    if not answers.duplicated(["participant", "questionnaire", "item"]).any():
        return [""]
    return [page for page in dict.fromkeys(pages_of(answers)) if page]


def in_time(times: pd.Series, answers: pd.DataFrame) -> list[str]:
    """Return the times of the answers, one per row, earliest first by the median of their clock.

    Without a clock, and for equal medians, times are in the order of the rows.
    """
    names = list(dict.fromkeys(times))
    if "answered_at" not in answers or answers["answered_at"].isna().any():
        return names
    median = answers["answered_at"].groupby(times).median()
    return sorted(names, key=lambda name: median[name])


def with_parts(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the answers with their part, which older exports contain only as a part of the page.

    A page of a block has the key of its part with the number of the block, such as trust@2.
    """
    part, page = time_column(answers, "part"), time_column(answers, "page")
    known = part.where(part != "", page.str.replace(rf"{AT}\d+$", "", regex=True))
    return answers.assign(part=known.where(known != ""))


def time_words(where: Times) -> str:
    """Return words for a time, such as “in the part “trust-after””, or an empty text for none."""
    words = {
        "part": "in the part “{}”",
        "block": "in block {}",
        "condition": "under the condition “{}”",
        "page": "on the page “{}”",
    }
    return " ".join(words[column].format(value) for column, value in where.items())


def time_problems(plan: Plan, answers: pd.DataFrame, codebook: pd.DataFrame) -> list[Problem]:
    """List what the plan leaves open, or misnames, about the time of a measurement.

    `answers` has participant, arm, questionnaire, item and the columns plan.TIME_COLUMNS. Before
    the data, a study file gives a row per arm and item in place of the answers of participants.
    """
    items = codebook.dropna(subset=["item"])
    problems = [
        Problem(("outcomes", number, *path), sentence)
        for number, outcome in enumerate(plan.outcomes)
        for path, sentence in _outcome_problems(outcome, plan, answers, items)
    ]
    for number, name in enumerate(plan.covariates):
        sentence = _covariate_problem(f"covariates: {name!r}", name, answers, items)
        problems += [Problem(("covariates", number), sentence)] if sentence else []
    return problems


def _outcome_problems(
    outcome: Outcome, plan: Plan, answers: pd.DataFrame, items: pd.DataFrame
) -> Iterator[tuple[Path, str]]:
    name = f"outcome {outcome.key!r}"
    there = answers[answers["arm"].isin(plan.arms_of(outcome))]
    for number, covariate in enumerate(outcome.covariates):
        said = _covariate_problem(f"{name}: the covariate {covariate!r}", covariate, there, items)
        if said:
            yield ("covariates", number), said
    if outcome.factor is not None:
        asked = there[there["item"] == outcome.factor]
        if _repeated(asked, []):
            yield (
                ("factor",),
                f"{name}: the factor {outcome.factor!r} was asked more than once per participant "
                f"({_list(asked)}). Use an item that was asked once.",
            )
    if asked_items(outcome) is None:
        return
    asked = _of_outcome(outcome, there, items)
    # Nobody answered yet, or a check of the plan or of the codebook reports the outcome.
    if asked.empty or {*outcome.where, *outcome.before} - set(TIME_COLUMNS):
        return
    unknown = [
        *_unknown_times(name, "where", outcome.where, asked),
        *_unknown_times(name, "before", outcome.before, asked),
    ]
    yield from unknown
    if not unknown:
        yield from _open_times(name, outcome, asked)


def _of_outcome(outcome: Outcome, answers: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    column, named = ("scale", outcome.scale) if outcome.kind == "scale" else ("item", outcome.item)
    rows = items[items[column] == named]
    return answers[
        answers["questionnaire"].isin(rows["questionnaire"]) & answers["item"].isin(rows["item"])
    ]


def _unknown_times(
    name: str, key: str, where: Times, asked: pd.DataFrame
) -> Iterator[tuple[Path, str]]:
    for column, value in where.items():
        known = _known(asked, column)
        if str(value) in known:
            continue
        listed = ", ".join(known)
        cure = f"Name one of: {listed}." if known else f"The answers have no {column}. Remove it."
        yield (
            (key, column),
            f"{name}: {key} has {column} = {value!r}, but it was not asked there. {cure}",
        )
    if where and not set(_unknown_keys(where, asked)) and answers_at(asked, where).empty:
        yield (key,), f"{name}: no answer matches all of {key}. It was asked at: {_list(asked)}."


def _unknown_keys(where: Times, asked: pd.DataFrame) -> Iterator[str]:
    return (column for column, value in where.items() if str(value) not in _known(asked, column))


def _known(asked: pd.DataFrame, column: str) -> list[str]:
    return [value for value in dict.fromkeys(time_column(asked, column)) if value]


def _open_times(name: str, outcome: Outcome, asked: pd.DataFrame) -> Iterator[tuple[Path, str]]:
    """Yield a problem if a participant has several answers to an item at a time of the outcome."""
    if outcome.before:
        first, last = answers_at(asked, outcome.before), answers_at(asked, outcome.where)
        if outcome.where and first.index.intersection(last.index).size:
            yield (
                ("before",),
                f"{name}: before and where name the same answers ({_list(first)}). Name the "
                "earlier time in before and the later time in where.",
            )
            return
        chosen = {"before": first, "where": last}
    else:
        chosen = {"where": answers_at(asked, outcome.where)}
    # Where times are compared, several answers are expected, but one only at each time.
    by = [outcome.within] if compares_times(outcome) and outcome.within is not None else []
    for key, rows in chosen.items():
        if by and not _known(rows, by[0]):
            yield (
                ("within",),
                f"{name}: within is {by[0]!r}, but the answers have no {by[0]}. They were given "
                f"at: {_list(rows) or 'no named time'}.",
            )
        elif by and len(_known(rows, by[0])) < 2:
            yield (
                ("within",),
                f"{name}: within compares the times of {by[0]!r}, but it was asked at only one: "
                f"{_list(rows)}. Ask it again, or use an analysis of one time.",
            )
        elif _repeated(rows, by):
            yield (
                (key,),
                f"{name} was asked more than once per participant and {key} does not say which "
                f"time counts. Add {key} = {_cure(rows, by)}. It was asked at: {_list(rows)}.",
            )


def _repeated(asked: pd.DataFrame, by: list[str]) -> bool:
    keys = asked[["participant", "questionnaire", "item"]].assign(
        **{column: time_column(asked, column) for column in by}
    )
    # Answers outside of blocks belong to none of the times that are compared.
    for column in by:
        keys = keys[keys[column] != ""]
    return bool(keys.duplicated().any())


def _cure(asked: pd.DataFrame, by: list[str]) -> str:
    """Return the entry of a plan that names the last of the times."""
    for column in (*(name for name in TIME_COLUMNS if name not in by), *TIME_COLUMNS):
        values = _known(asked, column)
        if len(values) > 1:
            return f'{{ {column} = "{values[-1]}" }}'
    return '{ part = "…" }'


def _list(asked: pd.DataFrame) -> str:
    shown: list[str] = []
    named = [column for column in TIME_COLUMNS if _known(asked, column)]
    if "page" in named and ("part" in named and _known(asked, "page") == _known(asked, "part")):
        named.remove("page")  # outside of blocks a page has the key of its part
    cells = pd.DataFrame({column: time_column(asked, column) for column in named})
    for row in cells.drop_duplicates().to_dict("records"):
        shown.append(" ".join(f"{column} “{value}”" for column, value in row.items() if value))
    return "; ".join(text for text in shown if text)


def _covariate_problem(
    name: str, covariate: str, answers: pd.DataFrame, items: pd.DataFrame
) -> str:
    key, time = split_time(covariate)
    rows = items[(items["item"] == key) | (items["scale"] == key)]
    asked = answers[
        answers["questionnaire"].isin(rows["questionnaire"]) & answers["item"].isin(rows["item"])
    ]
    if asked.empty:
        return ""
    chosen = asked_at(asked, time)
    if chosen.empty:
        known = ", ".join(_known(asked, "part") or _known(asked, "page")) or "no named part"
        return f"{name}: {key!r} was not asked in {time!r}. It was asked in: {known}."
    if _repeated(chosen, []):
        last = (_known(chosen, "part") if not time else []) or _known(chosen, "page")
        example = f'"{key}{AT}{last[0]}"' if last else "an item that was asked once"
        return (
            f"{name} was asked more than once per participant ({_list(chosen)}). Name the part or "
            f"page, as in {example}."
        )
    return ""
