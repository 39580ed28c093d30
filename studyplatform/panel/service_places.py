"""More places at Prolific: what would change there, and the change itself."""

from dataclasses import dataclass

from django.utils.translation import gettext

from studyplatform.audit.writing import record
from surveys.models import Study
from surveys.recruitment import prolific_places
from surveys.recruitment.prolific import ProlificError
from surveys.recruitment.prolific_places import PlacesThere
from surveys.recruitment.prolific_studies import study_ids
from surveys.services.places import taken
from surveys.study_file.stored import definition

MOST_PLACES = 100_000
"""More than any study needs; a slip of the keyboard must not ask for millions."""


@dataclass(frozen=True)
class Raise:
    """A raise to ``total`` places at Prolific, and what it means there and here.

    ``pay`` is what the further places can cost in ``currency``, without the service's fees, or 0 if
    the study file declares no pay. ``open_here`` is how many people can still come here.
    """

    service_study: str
    there: PlacesThere
    total: int
    pay: float
    currency: str
    open_here: int

    @property
    def further(self) -> int:
        """Return how many places are added."""
        return self.total - self.there.total

    @property
    def lacking_here(self) -> int:
        """Return how many of the people who could then come would find this study full."""
        return max(0, self.total - self.there.taken - self.open_here)


def prepare(study: Study, total: int) -> Raise:
    """Ask Prolific for its places, and change nothing.

    Raises ProlificError, also for a number that is not above the present one.
    """
    service_study = _single(study)
    there = prolific_places.read_places(service_study)
    if total <= there.total:
        raise ProlificError(
            gettext(
                "Prolific has %(present)d places for this study, and lets nobody lower them. Enter "
                "more than that."
            )
            % {"present": there.total}
        )
    declared = definition(study)
    return Raise(
        service_study=service_study,
        there=there,
        total=total,
        pay=declared.recruitment.pay * (total - there.total),
        currency=declared.recruitment.currency,
        open_here=max(0, declared.allocation.places - taken(study, simulated=False)),
    )


def carry_out(study: Study, service_study: str, before: int, total: int) -> PlacesThere:
    """Raise the places at Prolific from ``before``, as they were shown, to ``total``.

    Raises ProlificError, also if the number there has changed since it was shown.
    """
    there = prolific_places.read_places(service_study)
    if there.total != before:
        raise ProlificError(
            gettext("Prolific now has %(present)d places, not %(before)d. Look at it again.")
            % {"present": there.total, "before": before}
        )
    after = prolific_places.raise_places(service_study, total)
    record(study, "places at Prolific raised", {"places": before}, {"places": after.total})
    return after


def _single(study: Study) -> str:
    services = study_ids(study)
    if len(services) != 1:
        raise ProlificError(
            f"People came from {len(services)} studies at Prolific. Name one as study_id in "
            "[recruitment], or raise the places there by hand."
        )
    return services[0]
