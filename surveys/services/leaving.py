"""A person leaves before the end, or wants everything deleted; both at once and for good."""

from django.db import transaction
from django.utils import timezone

from surveys.models import AllocationSlot, Participant
from surveys.services.recording import note


@transaction.atomic
def withdraw(*, participant: Participant) -> None:
    """Stop, at the person's wish; what was answered stays. Twice or after the end does nothing.

    Raises Participant.DoesNotExist for one who was erased.
    """
    locked = Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk)
    if locked.state == Participant.State.STARTED:
        locked.state = Participant.State.WITHDRAWN
        locked.finished_at = timezone.now()
        locked.save(update_fields=["state", "finished_at"])
        note(locked, "withdrawn")
    participant.refresh_from_db()


@transaction.atomic
def erase(*, participant: Participant) -> None:
    """Delete the participant with all that belongs to them; twice does nothing.

    What is left is a count: the place on the allocation list says that it was used, and not by
    whom. Nothing can come back, because every write locks the participant's row first.
    """
    locked = Participant.objects.select_for_update(of=("self",)).filter(pk=participant.pk).first()
    if locked is None:
        return
    AllocationSlot.objects.filter(participant=locked).update(participant=None, erased=True)
    locked.delete()
