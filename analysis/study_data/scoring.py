"""Scores per participant from raw answers, which are only read and never changed."""

from typing import TypeVar, cast

import pandas as pd

from analysis.plan.plan import Outcome, analysis_of, asked_items, compares_times
from analysis.study_data.logarithms import transformed
from analysis.study_data.study_data import StudyData
from analysis.study_data.times import Times, answers_at, in_time, pages_of, time_column

Scored = TypeVar("Scored", pd.Series, pd.DataFrame)
DIGITS = 12  # decimal places of changes and of means of decimal numbers
MINIMUM_SHARE_ANSWERED = 0.8  # share of a scale's items required for a score


def reverse(values: pd.DataFrame, codebook: pd.DataFrame) -> pd.DataFrame:
    """Return values (participants, items) with reversed items as minimum + maximum - value.

    `codebook` has one row per item with reversed, minimum and maximum.
    """
    items = codebook.set_index("item")
    turned = values.copy()
    for item in values.columns:
        row = items.loc[item]
        if row["reversed"] == 1:
            turned[item] = row["minimum"] + row["maximum"] - values[item]
    return turned


def minimum_share(rows: pd.DataFrame) -> float:
    """Return the share of a scale's items that must be answered, from these codebook rows."""
    stated = rows["minimum_answered"].dropna()
    return MINIMUM_SHARE_ANSWERED if stated.empty else float(stated.iloc[0])


def mean_of_items(values: pd.DataFrame, share: float = MINIMUM_SHARE_ANSWERED) -> pd.Series:
    """Return the mean over the answered items per row, or missing if too few were answered."""
    return values.mean(axis=1).where(values.notna().mean(axis=1) >= share)


def measurement(data: StudyData, outcome: Outcome, where: Times) -> pd.Series:
    """Return the outcome's scale score or item by participant, from the answers at one time.

    `where` names the time; read_study has checked that it leaves one answer per item. A scale with
    too few answers has no score: the required share is the plan's, else the codebook's. A sum with
    missing items is the number of items times the mean of the answered items.
    """
    rows = _rows_of(data, outcome)
    wide = _wide(answers_at(data.answers, where), rows, ["participant"])
    return _score(wide.reindex(index=data.participants["participant"]), rows, outcome)


def questionnaire_score(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return the outcome's scale or item by participant: a value, a change, or a mean over times.

    With `before` and an analysis of change it is the later measurement minus the earlier one. An
    analysis that compares times has the mean over them for participants with all of them.
    """
    if compares_times(outcome):
        wide = scores_by_time(data, outcome)
        means = wide.mean(axis=1).where(_is_complete(wide, data, outcome))
        return means.reindex(data.participants["participant"])
    score = measurement(data, outcome, outcome.where)
    if outcome.before and analysis_of(outcome).before == "change":
        # Without the last digits, in which equal changes of means of items may differ.
        return (score - earlier_score(data, outcome)).round(DIGITS)
    return score


def _is_complete(wide: pd.DataFrame, data: StudyData, outcome: Outcome) -> pd.Series:
    """Return by participant of (participants, times) whether no time is missing."""
    if not outcome.factors:
        return wide.notna().all(axis=1)
    # Arms may ask different conditions, if one of two factors varies between participants.
    arm = data.participants.set_index("participant")["arm"].reindex(wide.index)
    asked = wide.notna().groupby(arm).transform("any")
    return (wide.notna() | ~asked).all(axis=1)


def earlier_score(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return the earlier measurement of the outcome by participant, at its time `before`."""
    return measurement(data, outcome, outcome.before)


def scores_by_time(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return the outcome's scale or item (participants, times), for participants with any of them.

    The times are `before` and `where`, in this order, or the values of the column `within` of
    answers.csv: in the order of the answers for parts and pages (by their median time, if it is
    recorded, then by the file), sorted for blocks and conditions.
    """
    if outcome.within is None:
        times = (outcome.before, outcome.where)
        columns = [measurement(data, outcome, time).rename(time_label(time)) for time in times]
        return pd.concat(columns, axis=1).dropna(how="all")
    rows = _rows_of(data, outcome)
    answers = answers_at(data.answers, outcome.where)
    answers = answers.assign(time=time_column(answers, outcome.within))
    answers = answers[answers["time"] != ""]
    wide = _wide(answers, rows, ["participant", "time"])
    table = _score(wide, rows, outcome).unstack("time")
    if outcome.within in ("part", "page"):
        asked = answers_at(data.in_file_order.answers, outcome.where)
        asked = asked[asked["item"].isin(rows["item"])]
        ordered = in_time(time_column(asked, outcome.within), asked)
        table = table[[time for time in ordered if time in table]]
    return table.dropna(how="all")


def time_label(where: Times) -> str:
    """Return the name of a time in tables: the values of its columns."""
    return " ".join(map(str, where.values()))


def raw_items(
    data: StudyData, questionnaire: str, rows: pd.DataFrame, page: str = ""
) -> pd.DataFrame:
    """Return the answers (participants, items) as clicked to the items of these codebook rows.

    `page` is the time (times.pages_of) of a questionnaire that was asked more than once.
    """
    answers = data.answers[data.answers["questionnaire"] == questionnaire]
    if page:
        answers = answers[pages_of(answers) == page]
    wide = _wide(answers, rows, ["participant"])
    return wide.reindex(index=data.participants["participant"])


def _rows_of(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return the codebook's rows of the outcome's items.

    `plan_columns` has checked that they belong to a single questionnaire.
    """
    asked = asked_items(outcome)
    if asked is None:
        raise TypeError(f"{outcome.key} is not measured by a questionnaire")
    column, named = asked
    items = data.codebook.dropna(subset=["item"])
    return items[items[column] == named]


def _wide(answers: pd.DataFrame, rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the answers (levels of `by`, items) to the items of the codebook rows.

    Raises ValueError for several answers to an item, of which no mean is taken.
    """
    keys = answers["questionnaire"].isin(rows["questionnaire"]) & answers["item"].isin(rows["item"])
    answers = answers[keys]
    answers = answers.assign(value=pd.to_numeric(answers["value"]).astype("float64"))
    wide = answers.pivot(index=by, columns="item", values="value")
    return wide.reindex(columns=list(rows["item"]))


def _score(values: pd.DataFrame, items: pd.DataFrame, outcome: Outcome) -> pd.Series:
    turned = reverse(values, items).astype("float64")
    if outcome.kind == "item":
        return turned[str(outcome.item)]
    share = minimum_share(items) if outcome.min_answered is None else outcome.min_answered
    mean = mean_of_items(turned, share)
    return mean * len(items) if (items["score"] == "sum").all() else mean


def trial_mean(data: StudyData, outcome: Outcome) -> pd.Series:
    """Return the mean of the outcome's trial column by participant over trials that match `where`.

    Only answered trials count, and each participant counts once, whatever their number of trials.
    With a transformation it is the mean of logarithms.
    """
    trials = outcome_trials(data, outcome)
    means = settled(trials.groupby("participant")["value"].mean(), trials["value"])
    return means.reindex(data.participants["participant"]).astype("float64")


def settled(means: Scored, values: pd.Series) -> Scored:
    """Return means without the digits in which equal means of decimal numbers may differ.

    A sum of decimal numbers depends on their order in its last digits, and ranks would take the
    difference for one between participants. Sums of whole `values` do not.
    """
    return means if (values.dropna() % 1 == 0).all() else means.round(DIGITS)


def outcome_trials(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return the outcome's trials with a value: every column, and `value`, transformed if it is."""
    trials = answered_trials(data, outcome)
    values = transformed(trials["value"], outcome.transform)
    return trials.assign(value=values).dropna(subset=["value"])


def answered_trials(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return the outcome's answered trials: every column, and `value`, its column as float.

    In a table without any decisions, such as that of another study, a trial counts as answered if
    the outcome's column is filled.
    """
    trials = data.trials
    decided = trials["decision_correct"].notna()
    if decided.any():
        trials = trials[decided]
    for column, value in outcome.where.items():
        trials = trials[(trials[column] == value).fillna(False).astype(bool)]
    return trials.assign(value=trials[cast("str", outcome.column)].astype("float64"))
