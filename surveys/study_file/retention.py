"""The table [retention] of a study file: how long the data of its participants are kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from annotated_types import Ge, Le

MOST_MONTHS = 600


@dataclass(frozen=True)
class Retention:
    """Months after the end of collection, each 0 if the file names no date.

    ``identifiers_months`` is for the ids of a recruitment service and their keyed hashes,
    ``data_months`` for everything about participants. With ``delete_copies``, erasing a person also
    deletes the exports, reports and releases that contain the person, where this server wrote them.
    """

    identifiers_months: Annotated[int, Ge(0), Le(MOST_MONTHS)] = 0
    data_months: Annotated[int, Ge(0), Le(MOST_MONTHS)] = 0
    delete_copies: bool = False

    def identifiers_until(self, end: datetime) -> datetime | None:
        """Return the date on which the identifiers are deleted, or None without one."""
        return later(end, self.identifiers_months) if self.identifiers_months else None

    def data_until(self, end: datetime) -> datetime | None:
        """Return the date on which all data of participants are deleted, or None without one."""
        return later(end, self.data_months) if self.data_months else None


def problems_of(retention: Retention) -> Iterator[tuple[str, str]]:
    """Yield the key and a sentence for each rule that the table breaks."""
    ids, data = retention.identifiers_months, retention.data_months
    if data and ids > data:
        yield (
            "identifiers_months",
            f"identifiers_months is {ids} and data_months is {data}. Identifiers go with the data "
            f"at the latest: write {data} or less.",
        )


def later(moment: datetime, months: int) -> datetime:
    """Return the same day and time some months later, or the month's last day if it is shorter."""
    years, month = divmod(moment.month - 1 + months, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=moment.year + years, month=month + 1, day=day)
        except ValueError:  # no such day in this month
            continue
    return moment.replace(year=moment.year + years, month=month + 1)
