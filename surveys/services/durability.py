"""Transactions whose commit does not wait for the disk.

A killed process loses nothing of them, since the operating system has what was written. A power cut
can lose the last ones, whole and in order: whoever commits later and does wait makes all earlier
commits durable, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import connection, transaction

NORMAL = 1
"""SQLite's level at which a commit to the write-ahead log does not wait."""


@contextmanager
def atomic_without_waiting() -> Iterator[None]:
    """Run the block in a transaction that does not wait for the disk.

    Within another transaction, that one's commit decides.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
    elif connection.vendor == "sqlite":
        with without_waiting(), transaction.atomic():
            yield
    else:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL synchronous_commit TO off")
            yield


@contextmanager
def without_waiting() -> Iterator[None]:
    """Let no commit within the block wait for the disk.

    Within a transaction, nothing changes: SQLite refuses it there, and it would not help.
    """
    if connection.in_atomic_block:
        yield
        return
    levels = {"sqlite": _normal_level, "postgresql": _asynchronous_commits}
    with levels.get(connection.vendor, nullcontext)():
        yield


@contextmanager
def _asynchronous_commits() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


@contextmanager
def _normal_level() -> Iterator[None]:
    connection.ensure_connection()
    plain = connection.connection
    ((before,),) = plain.execute("PRAGMA synchronous").fetchall()
    if before <= NORMAL:
        yield
        return
    plain.execute(f"PRAGMA synchronous={NORMAL}")
    try:
        yield
    finally:
        plain.execute(f"PRAGMA synchronous={before}")
