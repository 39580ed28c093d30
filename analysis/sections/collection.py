"""When the data were collected, and how long taking part took."""

from dataclasses import dataclass

import pandas as pd

from analysis.study_data.study_data import StudyData

CALENDAR = r"\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True)
class Collection:
    """First and last day of consent (ISO 8601), and the quartiles of the minutes taken.

    Minutes are those of participants who completed the study, from consent to the last page.
    Each part is None where the data do not contain it, such as in a release with relative times.
    """

    first_day: str | None
    last_day: str | None
    minutes: tuple[float, float, float] | None


def collection(data: StudyData) -> Collection:
    """Return the days and the duration of the collection."""
    people = data.participants
    first, last = _days(people)
    return Collection(first, last, _minutes(people))


def _days(people: pd.DataFrame) -> tuple[str | None, str | None]:
    if "consented_at" not in people:
        return None, None
    # Only dates of the calendar have this form; times relative to the start do not.
    days = (
        people["consented_at"].dropna().astype("str").str.extract(f"^({CALENDAR})[T ]")[0].dropna()
    )
    return (None, None) if days.empty else (str(days.min()), str(days.max()))


def _minutes(people: pd.DataFrame) -> tuple[float, float, float] | None:
    if "seconds_total" not in people:
        return None
    finished = (people["state"] == "completed").fillna(False).astype(bool)
    seconds = pd.to_numeric(people.loc[finished, "seconds_total"], errors="coerce").dropna()
    if seconds.empty:
        return None
    low, middle, high = (float(seconds.quantile(share)) / 60 for share in (0.25, 0.5, 0.75))
    return low, middle, high
