"""How long writers to one file of SQLite wait for one another, with and without turns.

Run from the repository: .venv/bin/python -m benchmarks.writers [WRITERS] [SECONDS] [TURNS]

WRITERS (20) threads write to one file for SECONDS (5), each with a pause between two transactions.
A transaction takes 3 ms, in which it sleeps, so that other programs on the machine hardly change
the times. The settings are the platform's. In each of TURNS (3), both backends are measured, in
alternating order.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

WRITERS, SECONDS, TURNS = 20, 5, 3
WITHIN, BETWEEN = 0.003, 0.02  # seconds that a transaction takes, and until a writer's next one
BACKENDS = {"in turn": "studyplatform.fair_sqlite", "SQLite alone": "django.db.backends.sqlite3"}


def main(writers: int = WRITERS, seconds: int = SECONDS, turns: int = TURNS) -> None:
    """Print the times of every turn."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "studyplatform.settings"
    import django

    django.setup()
    for number in range(turns):
        for name in sorted(BACKENDS, reverse=bool(number % 2)):
            waits = waited(BACKENDS[name], writers, seconds)
            middle, late = statistics.median(waits), sorted(waits)[int(0.95 * (len(waits) - 1))]
            print(
                f"{name}: {len(waits) / seconds:.0f} transactions a second; waited median "
                f"{1000 * middle:.0f} ms, 95 % {1000 * late:.0f} ms, at most "
                f"{1000 * max(waits):.0f} ms",
                flush=True,
            )


def waited(backend: str, writers: int, seconds: int) -> list[float]:
    """Return the seconds from asking for each transaction until its commit."""
    from django.db.utils import load_backend

    from studyplatform.databases import database

    with tempfile.TemporaryDirectory() as folder:
        settings = {
            **database(f"sqlite:///{folder}/db.sqlite3", Path(folder)),
            "ATOMIC_REQUESTS": False,
            "AUTOCOMMIT": True,
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": False,
            "TIME_ZONE": None,
            "ENGINE": backend,
        }
        kind = load_backend(backend).DatabaseWrapper
        waits: list[float] = []

        def write(number: int) -> None:
            connection = kind(settings, "default")
            time.sleep(number * BETWEEN / writers)
            while time.monotonic() < end:
                begun = time.perf_counter()
                connection.set_autocommit(
                    False, force_begin_transaction_with_broken_autocommit=True
                )
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO pages VALUES (%s)", [number])
                time.sleep(WITHIN)
                connection.commit()
                connection.set_autocommit(True)
                waits.append(time.perf_counter() - begun)
                time.sleep(BETWEEN)
            connection.close()

        first = kind(settings, "default")
        with first.cursor() as cursor:
            cursor.execute("CREATE TABLE pages (number INTEGER)")
        first.close()
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return waits


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
