"""The ways to leave. Stopping keeps the answers, and withdrawing erases them. Both act at once."""

from collections import Counter

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from surveys.models import AllocationSlot, Participant
from surveys.services import places
from surveys.services.acts import announce
from surveys.services.locking import lock
from surveys.services.recording import note


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
    participant.refresh_from_db()


@transaction.atomic
def erase(*, participant: Participant) -> Counter[str]:
    """Delete the participant and all their data, and return the deleted rows by table.

    The names of tables are those for readers, such as "answers". A second call does nothing and
    returns an empty count. Only that count remains. A place that was bound to an arm stays used,
    without naming its holder, and a place that was only held is given back. No data of the person
    can reappear, because every write locks the participant's row first.
    """
    locked = Participant.objects.select_for_update(of=("self",)).filter(pk=participant.pk).first()
    if locked is None:
        return Counter()
    lock(locked.study)
    places.give_back(locked, "withdrawn")
    AllocationSlot.objects.filter(participant=locked).update(participant=None, erased=True)
    study = locked.study
    _, deleted = locked.delete()
    names = {model._meta.label: str(model._meta.verbose_name_plural) for model in apps.get_models()}
    erased = Counter({names[label]: rows for label, rows in deleted.items() if rows})
    announce(study, "participant erased", {}, {"rows": dict(erased)})
    return erased
