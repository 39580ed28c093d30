"""What a worker holds while it does a job. Plain data, so that a new process needs no Django."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lease:
    """The right to write about a job until another worker takes it.

    Each taking has a larger ``token``, and every write names it (a fencing token), so that the
    writes of a worker that was believed dead are refused.
    """

    job: int
    token: int


class LostLeaseError(RuntimeError):
    """A write by a worker whose job was taken by another, cancelled or finished meanwhile."""
