"""A person leaves before the end, or wants everything deleted; both at once and for good."""

from django.db import transaction
from django.utils import timezone

from surveys.models import AllocationSlot, Participant
from surveys.services import places
from surveys.services.locking import lock
from surveys.services.recording import note


@transaction.atomic
def withdraw(*, participant: Participant) -> None:
    """Stop, at the person's wish; what was answered stays. Twice or after the end does nothing.

    The place goes back if the person never came to a page that differs between arms.

    Raises Participant.DoesNotExist for one who was erased.
    """
    locked = Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk)
    if locked.state == Participant.State.STARTED:
        locked.state = Participant.State.WITHDRAWN
        locked.finished_at = timezone.now()
        locked.save(update_fields=["state", "finished_at"])
        note(locked, "withdrawn")
        lock(locked.study)
        places.give_back(locked, "withdrawn")
    participant.refresh_from_db()


@transaction.atomic
def erase(*, participant: Participant) -> None:
    """Delete the participant with all that belongs to them; twice does nothing.

    What is left is a count: a place that was bound to an arm stays used, and does not say by whom;
    one that was only held goes back. Nothing of the person can come back, because every write
    locks the participant's row first.
    """
    locked = Participant.objects.select_for_update(of=("self",)).filter(pk=participant.pk).first()
    if locked is None:
        return
    lock(locked.study)
    places.give_back(locked, "withdrawn")
    AllocationSlot.objects.filter(participant=locked).update(participant=None, erased=True)
    locked.delete()
