"""A process of its own that makes attempts in eight threads, counted in two ways, or prepares."""

import os
import sys
import threading
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from studyplatform.accounts import throttle  # noqa: E402
from studyplatform.accounts.throttle import Limit  # noqa: E402
from studyplatform.models import Attempt  # noqa: E402

LIMIT = Limit("race", 5, timedelta(minutes=15))
THREADS = 8


def looks_then_counts(limit: Limit, subject: str) -> bool:
    """The obvious way: parallel attempts all look before any of them counts."""
    key = throttle._key(limit, "control", subject)
    row = Attempt.objects.filter(key=key).first()
    count = row.count if row else 0
    threading.Event().wait(0.1)
    if count >= limit.attempts:
        return False
    with transaction.atomic():
        Attempt.objects.update_or_create(
            key=key, defaults={"since": timezone.now(), "count": count + 1}
        )
    return True


def allowed(allows) -> int:
    barrier, answers = threading.Barrier(THREADS), []

    def attempt() -> None:
        barrier.wait()
        try:
            answers.append(allows(LIMIT, "anna"))
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answers) != THREADS:
        raise SystemExit("An attempt failed.")
    return sum(answers)


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        with connection.schema_editor() as editor:
            editor.create_model(Attempt)
    else:
        for way in (throttle.allows, looks_then_counts):
            print("ready", flush=True)
            sys.stdin.readline()  # until both processes are
            print(allowed(way), flush=True)
