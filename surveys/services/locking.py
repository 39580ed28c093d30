"""The lock that makes arrivals wait for each other."""

from surveys.models import Study


def lock(study: Study) -> Study:
    """Make every other arrival wait until this transaction ends, and return the study's current
    row.

    On SQLite the lock is the IMMEDIATE transaction itself (settings), and this only reads. Code
    that also locks a participant does that first: in the opposite order, two transactions could
    wait for each other.
    """
    return Study.objects.select_for_update().get(pk=study.pk)
