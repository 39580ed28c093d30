"""What makes arrivals wait for each other."""

from surveys.models import Study


def lock(study: Study) -> Study:
    """Make every other arrival wait until this transaction ends; returns the row as it now is.

    On SQLite the lock is the IMMEDIATE transaction itself (settings), and this only reads. Who
    locks a participant, too, does that first: the other way round, two could wait for each other.
    """
    return Study.objects.select_for_update().get(pk=study.pk)
