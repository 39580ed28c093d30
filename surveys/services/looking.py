"""The record of looks at a study's data before its end."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from surveys.models import Look, Study
from surveys.services.acts import announce
from surveys.services.errors import StudyError
from surveys.services.locking import lock


@transaction.atomic
def record_look(
    *,
    study: Study,
    number: int,
    by: str,
    people: int,
    efficacy: float | None,
    futility: float | None,
    told: str,
    planned: bool,
    reason: str,
    plan_sha256: str,
) -> Look:
    """Record the look of this number. It can never be changed or deleted.

    Raises StudyError if the study does not collect data or is unblinded by now, or if another look
    was held meanwhile.
    """
    locked = lock(study)
    check_may_look(locked)
    if locked.looks.count() != number - 1:
        raise StudyError(gettext("Somebody else has just held this look. Read what it told."))
    look = Look.objects.create(
        study=study,
        number=number,
        at=timezone.now(),
        by=by,
        people=people,
        efficacy=efficacy,
        futility=futility,
        told=told,
        planned=planned,
        reason="" if planned else reason,
        plan_sha256=plan_sha256,
    )
    after = {"people": people, "decision": told, **({} if planned else {"reason": reason})}
    announce(study, "looked", {}, after)
    return look


def check_may_look(study: Study) -> None:
    """Raise StudyError unless the study collects data and hides its arms."""
    if study.unblinded_at is not None:
        raise StudyError(
            gettext(
                "The study '%(slug)s' is unblinded, so a look could not be blind any more. End the "
                "collection; the report is the last analysis."
            )
            % {"slug": study.slug}
        )
    if study.state not in (Study.State.OPEN, Study.State.PAUSED):
        raise StudyError(
            gettext("The study '%(slug)s' does not run. Looks are held while it is open or paused.")
            % {"slug": study.slug}
        )
