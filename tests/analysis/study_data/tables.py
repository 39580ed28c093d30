"""Tidy tables in memory, for tests of a single rule: no folder, no manifest and no plan."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.plan.plan import Plan
from analysis.study_data.study_data import StudyData

Rows = Sequence[Mapping[str, Any]]
NUMBERS = {
    **dict.fromkeys(["agreed", "decision_correct", "prediction_correct"], "Int64"),
    **dict.fromkeys(["response_time_ms", "seconds_total"], "Float64"),
}
ITEM = {
    "file": "answers.csv", "column": "value", "questionnaire": "q", "scale": "s", "reversed": 0,
    "minimum": 1.0, "maximum": 7.0, "minimum_answered": None, "score": "mean",
}  # fmt: skip
NO_PLAN = Plan("A study", "a", ("a", "b"), ())


def study_data(
    *,
    participants: Sequence[str] = ("p",),
    states: Sequence[str] = (),
    trials: Rows = (),
    answers: Rows = (),
    items: Rows = (),
    plan: Plan = NO_PLAN,
) -> StudyData:
    """The tables of these rows; every participant is in arm a, and finished unless `states` say so.

    Answers are text, as in the file; "does_not_apply" is that kind of missing. Items have the
    fields of ITEM unless they say otherwise.
    """
    people = pd.DataFrame({"participant": list(participants), "arm": "a"})
    people["state"] = list(states) or "completed"
    columns = ["participant", "questionnaire", "item", "value", "block"]
    given = pd.DataFrame(
        [{"questionnaire": "q", "block": "", **row} for row in answers], columns=columns
    )
    kinds = given["value"].where(given["value"].isin(["does_not_apply"]))
    given["value"] = given["value"].mask(kinds.notna())
    return StudyData(
        people,
        _typed(pd.DataFrame(list(trials))),
        given,
        pd.DataFrame([{**ITEM, **item} for item in items], columns=["item", *ITEM]),
        {"answers.csv": pd.DataFrame({"value": kinds.astype("object")})},
        plan,
        {},
        {},
        {},
    )


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: kind for name, kind in NUMBERS.items() if name in frame})
