"""A client that reads and raises the number of places of a study at Prolific. Each further place
can cost a payment, so that only an act that a person has confirmed may raise it.

Sources: docs.prolific.com, API reference, Studies: Retrieve a study, Update a study. Of a published
study, only the internal name and the number of places can be changed, and Prolific's own client
(github.com/prolific-oss/cli, cmd/study/increase_places.go) refuses a lower number.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings

from surveys.recruitment.prolific import ProlificError, ask, status_as_listed


@dataclass(frozen=True)
class PlacesThere:
    """The places of a study at Prolific, how many of them are taken, and the study's status."""

    total: int
    taken: int
    status: str


def read_places(service_study: str) -> PlacesThere:
    """Return the places of the study with this id at Prolific. Raises ProlificError."""
    return _read(ask(_address(service_study)))


def raise_places(service_study: str, total: int) -> PlacesThere:
    """Set the number of places at Prolific, and return what Prolific then says of them.

    Raises ProlificError, also if Prolific answers with another number.
    """
    body = {"total_available_places": total}
    after = _read(ask(_address(service_study), body, method="PATCH"))
    if after.total != total:
        raise ProlificError(
            f"Prolific was asked for {total} places and answered with {after.total}. Look at the "
            "study's page at Prolific before you try again."
        )
    return after


def _address(service_study: str) -> str:
    return f"{settings.PROLIFIC_API}/studies/{quote(service_study, safe='')}/"


def _read(answer: Any) -> PlacesThere:
    total = answer.get("total_available_places") if isinstance(answer, dict) else None
    if not isinstance(total, int) or isinstance(total, bool):
        raise ProlificError(
            "Prolific's answer about the study contains no number of places under "
            "'total_available_places'. Look at the study's page at Prolific."
        )
    taken = answer.get("places_taken")
    return PlacesThere(
        total=total,
        taken=taken if isinstance(taken, int) else 0,
        status=status_as_listed(str(answer.get("status") or "")),
    )
