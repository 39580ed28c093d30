"""The ways to leave. Stopping keeps the answers, and withdrawing erases them. Both act at once."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from surveys.models import AllocationSlot, DataCopy, Participant
from surveys.services import copies, places, recruiting
from surveys.services.acts import announce
from surveys.services.locking import lock
from surveys.services.recording import note
from surveys.services.sessions import stop_session
from surveys.study_file.recruitment import Replaced


@dataclass(frozen=True)
class Erased:
    """What an erasure deleted, and what it left.

    ``rows``: deleted rows by table, with the tables' names for readers, such as "answers".
    ``remembered_until``: when the keyed hash of the person's id is deleted, or None if none is
    kept. ``copies``: the exports, reports and releases that contain the person.
    """

    rows: Counter[str]
    remembered_until: datetime | None
    copies: tuple[DataCopy, ...] = ()


@transaction.atomic
def stop(*, participant: Participant) -> None:
    """Stop the participation at the person's wish. Earlier answers are kept, as the page promises.

    A second call, or a call after the end, does nothing. The place is given back if the person
    never reached a page that differs between arms. Raises Participant.DoesNotExist for an erased
    participant.
    """
    locked = Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk)
    if locked.state == Participant.State.STARTED:
        locked.state = Participant.State.STOPPED
        locked.finished_at = timezone.now()
        locked.save(update_fields=["state", "finished_at"])
        note(locked, "stopped")
        lock(locked.study)
        places.give_back(locked, "stopped")
        places.replace(locked, Replaced.WITHDRAWN)
    elif stop_session(locked):
        note(locked, "stopped")
    participant.refresh_from_db()


@transaction.atomic
def erase(*, participant: Participant) -> Erased:
    """Delete the participant and all their data.

    A second call does nothing and deletes no rows. Only their count remains and, under a consent
    that said so, the keyed hash of the recruitment service's id until the date it named, so that
    the person cannot begin again and see another arm. A place that was bound to an arm stays used,
    without naming its holder, and a place that was only held is given back. No data of the person
    can reappear, because every write locks the participant's row first.
    """
    locked = Participant.objects.select_for_update(of=("self",)).filter(pk=participant.pk).first()
    if locked is None:
        return Erased(Counter(), None)
    lock(locked.study)
    places.give_back(locked, "withdrawn")
    places.replace(locked, Replaced.WITHDRAWN)
    remembered_until = recruiting.remember(locked)
    containing = copies.mark(locked)
    AllocationSlot.objects.filter(participant=locked).update(participant=None, erased=True)
    study = locked.study
    _, deleted = locked.delete()
    names = {model._meta.label: str(model._meta.verbose_name_plural) for model in apps.get_models()}
    rows = Counter({names[label]: number for label, number in deleted.items() if number})
    kept = {"hash_kept_until": f"{remembered_until:%Y-%m-%d}"} if remembered_until else {}
    listed = {"copies": [str(copy) for copy in containing]} if containing else {}
    announce(study, "participant erased", {}, {"rows": dict(rows), **kept, **listed})
    return Erased(rows, remembered_until, tuple(containing))
