"""Rules that flag participants for exclusion.

Unrecorded values flag no participant and are counted.

Each rule takes the data and the plan's entry and returns a flag per participant.
"""

from dataclasses import dataclass, replace

import pandas as pd

from analysis.plan.tables import Exclusion
from analysis.study_data.columns import FORMER_STATES
from analysis.study_data.signals import any_flag
from analysis.study_data.tables import StudyTables
from analysis.study_data.times import pages_asked, pages_of
from analysis.toml.value_types import Cell


@dataclass(frozen=True)
class Flagged:
    """Two booleans per row of participants: the rule matches, and the rule is undecided."""

    flagged: "pd.Series[bool]"
    undecided: "pd.Series[bool]"


def not_completed(data: StudyTables, rule: Exclusion) -> Flagged:
    """Flag participants who did not reach the end because they stopped or dropped out."""
    unfinished = data.participants["state"] != "completed"
    return Flagged(unfinished, unfinished & False)


def listed(data: StudyTables, rule: Exclusion) -> Flagged:
    """Flag participants named in `participants`, e.g. for a reason that no table records."""
    named = data.participants["participant"].isin(rule.participants)
    return Flagged(named, named & False)


def participant_value(data: StudyTables, rule: Exclusion) -> Flagged:
    """Flag participants whose value of `column` meets the condition."""
    values = data.participants[str(rule.column)]
    return Flagged(_fits(values, _in_todays_words(rule), data.participants), values.isna())


def trials_that_fit(data: StudyTables, rule: Exclusion) -> Flagged:
    """Flag participants with at least `at_least` trials that meet the condition."""
    values = data.trials[str(rule.column)]
    fits = _fits(values, rule, data.trials)
    known = values.notna()
    if rule.differs_from is not None:
        known &= data.trials[rule.differs_from].notna()
    return _counted(data, data.trials["participant"], fits, known, rule.at_least)


def same_choices(data: StudyTables, rule: Exclusion) -> Flagged:
    """Flag participants whose `columns` are constant within at least `at_least` blocks of trials.

    A block of a single trial is not a repetition and does not count.
    """
    keys = [data.trials["participant"], data.trials[str(rule.block)]]
    blocks = data.trials[list(rule.columns)].groupby(keys)
    constant = (blocks.nunique(dropna=False) == 1).all(axis=1) & (blocks.size() > 1)
    people = pd.Series(constant.index.get_level_values(0), index=constant.index)
    known = (blocks.count() > 0).all(axis=1)
    return _counted(data, people, constant & known, known, rule.at_least)


def answer_that_fits(data: StudyTables, rule: Exclusion) -> Flagged:
    """Flag participants whose answer to `item` meets the condition, on at least one page."""
    answers = data.answers[data.answers["item"] == rule.item]
    fits = _fits(answers["value"], rule, None)
    return _counted(data, answers["participant"], fits, answers["value"].notna(), 1)


def same_answers(data: StudyTables, rule: Exclusion) -> Flagged:
    """Flag participants who gave the same answer to all `items`, at any time they were asked.

    Answers in a list of `alike` count as the same, and "does not apply" is an answer of
    its own. Participants with fewer than two answers at every time are undecided.
    """
    merged = {str(cell): str(group[0]) for group in rule.alike for cell in group}
    kind = data.missing["answers.csv"]["value"]
    clicked = data.answers["value"].astype("object").mask((kind == "does_not_apply"), kind)
    asked = data.answers["item"].isin(rule.items) & clicked.notna()
    answers = data.answers[asked]
    kinds = clicked[asked].map(lambda value: merged.get(str(value), str(value)))
    # A page is a time: the same answer before and after says nothing about the items of a page.
    by = kinds.groupby([answers["participant"], _times(answers)]).agg(["nunique", "count"])
    pages = pd.DataFrame(
        {"decided": by["count"] >= 2, "same": (by["count"] >= 2) & (by["nunique"] == 1)}
    )
    any_page = pages.groupby(level=0).any()
    any_page = any_page.reindex(data.participants["participant"], fill_value=False)
    any_page.index = data.participants.index
    return Flagged(any_page["same"], ~any_page["decided"])


def signs_of_programs(data: StudyTables, rule: Exclusion) -> Flagged:
    """Flag participants whom at least `at_least` of the rules `signals` flag."""
    found = any_flag(data.participants, rule.signals, rule.at_least)
    return Flagged(found.fillna(False).astype(bool), found.isna())


def _times(answers: pd.DataFrame) -> pd.Series:
    """Return the time of each answer if a participant has several answers to an item."""
    several = len(pages_asked(answers)) > 1
    return pages_of(answers) if several else pd.Series("", index=answers.index)


def _counted(
    data: StudyTables,
    people: pd.Series,
    fits: "pd.Series[bool]",
    known: "pd.Series[bool]",
    at_least: int,
) -> Flagged:
    """Flag participants with enough matches, or as undecided if unknown values could suffice."""
    counts = pd.DataFrame({"fits": fits, "known": known}).groupby(people.to_numpy()).sum()
    counts = counts.reindex(data.participants["participant"], fill_value=0)
    counts.index = data.participants.index
    return Flagged(counts["fits"] >= at_least, counts["known"] == 0)


def _in_todays_words(rule: Exclusion) -> Exclusion:
    """Translate a state that an earlier version exported under another name."""
    if rule.column != "state":
        return rule
    equals, other = (FORMER_STATES.get(str(cell), cell) for cell in (rule.equals, rule.other_than))
    return replace(rule, equals=equals, other_than=other)


def _fits(values: pd.Series, rule: Exclusion, frame: pd.DataFrame | None) -> "pd.Series[bool]":
    """Return where the rule's condition is met, which is never where the value is missing."""
    if rule.below is not None:
        matches = pd.to_numeric(values) < rule.below
    elif rule.above is not None:
        matches = pd.to_numeric(values) > rule.above
    elif rule.differs_from is not None and frame is not None:
        matches = values != frame[rule.differs_from]
        matches &= frame[rule.differs_from].notna()
    elif rule.equals is not None:
        matches = _is(values, rule.equals)
    else:
        matches = ~_is(values, rule.other_than)
    return (matches.fillna(False) & values.notna()).astype(bool)


def _is(values: pd.Series, cell: Cell | None) -> "pd.Series[bool]":
    if pd.api.types.is_numeric_dtype(values):
        return (values == cell).fillna(False).astype(bool)
    return values.astype("str") == str(cell)
