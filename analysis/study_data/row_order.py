"""A fixed order of the rows, so that sums do not depend on the order of the rows in the files.

Floating-point sums of the same numbers in another order differ in their last digits.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.plan.plan import TIME_COLUMNS, Plan
from analysis.study_data.times import in_time, time_column

Rows = npt.NDArray[np.intp]
Keys = list[npt.NDArray[np.generic]]
LAST = 2**62  # place of rows whose key is unknown


def fixed_order(frames: Mapping[str, pd.DataFrame], plan: Plan) -> dict[str, Rows]:
    """Return, by file, the numbers of the rows in their fixed order.

    Participants are in the order of their allocation if it is recorded, else of their identifiers.
    Trials are in the order of their positions, and answers in that of the codebook and their times.
    Rows that these keys do not tell apart are ordered by all their cells.
    """
    people = frames["participants.csv"]
    keys: Keys = [people["participant"].astype(str).to_numpy()]
    if _recorded(plan, "participants", "sequence"):
        keys = [people["simulated"].to_numpy(), people["sequence"].to_numpy(), *keys]
    orders = {"participants.csv": _ordered(people, keys)}
    ordered = people["participant"].iloc[orders["participants.csv"]]
    rank = {person: place for place, person in enumerate(ordered)}
    trials, answers = frames["trials.csv"], frames["answers.csv"]
    keys = [_places(trials["participant"], rank)]
    if _recorded(plan, "trials", "position"):
        keys.append(trials["position"].fillna(LAST).to_numpy(dtype=np.int64))
        orders["trials.csv"] = _ordered(trials, keys)
    else:
        # A position that was numbered from the order of the rows says nothing but that order.
        orders["trials.csv"] = _ordered(trials, keys, last="position")
    items = pd.MultiIndex.from_frame(answers[["questionnaire", "item"]].astype(str))
    book = frames["codebook.csv"].dropna(subset=["item"])
    listed = pd.MultiIndex.from_frame(book[["questionnaire", "item"]].astype(str))
    known = {pair: place for place, pair in reversed(list(enumerate(listed)))}
    place = np.array([known.get(pair, LAST) for pair in items], dtype=np.int64)
    # Results list the times of a questionnaire in the order in which it was asked.
    times = pd.Series("", index=answers.index, dtype="object")
    for name in TIME_COLUMNS:
        times = times + "\x1f" + time_column(answers, name)
    asked = {time: number for number, time in enumerate(in_time(times, answers))}
    keys = [_places(answers["participant"], rank), place, times.map(asked).to_numpy()]
    orders["answers.csv"] = _ordered(answers, keys)
    return orders


def _recorded(plan: Plan, table: str, column: str) -> bool:
    """Return whether the files contain the column, or reading numbered the rows."""
    if plan.source is None:
        return True
    return any(
        column in (*part.columns, *part.constants, part.named)
        or any(f"{{{column}" in pattern for pattern in part.wide.values())
        for part in plan.source.tables
        if part.into == table
    )


def _places(participants: pd.Series, rank: Mapping[str, int]) -> npt.NDArray[np.int64]:
    return np.asarray(participants.map(rank).fillna(LAST), dtype=np.int64)


def _ordered(frame: pd.DataFrame, keys: Keys, last: str = "") -> Rows:
    """Return the rows in the order of the keys; ties by all columns, `last` at the end."""
    keys = [pd.factorize(key, sort=True)[0] for key in keys]
    if pd.DataFrame(dict(enumerate(keys))).duplicated().any():
        names = sorted(map(str, frame.columns), key=lambda name: (name == last, name))
        keys += [pd.factorize(frame[name].astype(str), sort=True)[0] for name in names]
    order: Rows = np.lexsort(keys[::-1]).astype(np.intp)
    return order
