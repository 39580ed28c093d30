"""Processor time and database queries of every page of the panel, on a server that has grown.

Run from the repository: .venv/bin/python -m benchmarks.panel [STUDIES PEOPLE]

An owner of 100 studies with 20,000 participants in all, 2,000 of them in the largest, opens every
page of the largest study, through all of Django's middleware and on SQLite. Only processor time
within the server's handler counts, the median of five times, because other programs on the machine
change the clock and hardly the processor time.
"""

import logging
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

STUDIES, PEOPLE = 100, 20_000
TIMES = 5
MOST = 0.3
"""The processor time in seconds that a page may take."""


def main(studies: int, people: int) -> int:
    """Prepare the studies in a folder of their own, print a row for each page, and return how many
    pages took longer than they may."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STUDY_DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "studyplatform.settings"
        import django

        django.setup()
        logging.disable(logging.WARNING)  # some pages of the table are not there, on purpose
        from django.core.management import call_command
        from django.test import override_settings

        call_command("migrate", verbosity=0)
        with override_settings(DEBUG=False, ALLOWED_HOSTS=["*"]):  # DEBUG keeps every query
            return print_pages(Path(folder), studies, people)


def print_pages(folder: Path, studies: int, people: int) -> int:
    """Print processor time and queries of each page, the slowest first."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.panel.many_studies import grow
    from tests.panel.test_every_url import two_studies
    from tests.panel.test_many_studies import pages

    study, _ = two_studies(folder)
    owner = User.objects.get(username="owner")
    grow(study, owner, studies=studies, people=people)
    browser = Client()
    browser.force_login(owner)
    rows = []
    for name, path in pages(study, ()):
        browser.get(path, secure=True)  # fills the caches of templates and translations
        with CaptureQueriesContext(connection) as asked:
            browser.get(path, secure=True)
        count = len(asked)  # now: the next request empties the list
        seconds = []
        for _ in range(TIMES):
            start = time.process_time()
            browser.get(path, secure=True)
            seconds.append(time.process_time() - start)
        rows.append((statistics.median(seconds), count, name.removeprefix("panel:")))
    rows.sort(reverse=True)
    print(f"Python {platform.python_version()}, {studies} studies, {people} participants")
    print("| page | processor time in ms | queries |\n|---|---|---|")
    for took, asked_for, name in rows:
        print(f"| {name} | {1000 * took:.0f} | {asked_for} |")
    return sum(took > MOST for took, _, _ in rows)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(main(*(given or [STUDIES, PEOPLE])))
