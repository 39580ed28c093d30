"""Processor time and database queries of a participant's pages, over whole walks.

Run from the repository: .venv/bin/python -m benchmarks.pages [PAIRS]

The demo study is walked within this process, through all of Django's middleware and on SQLite as in
production. Each of PAIRS pairs (9 by default) has two walks in the same arm: one with the prepared
queries as they are, one that lets Django write their SQL anew. Their order alternates. Only
processor time within the server's handler counts, because other programs on the machine change the
clock and hardly the processor time. A page is its display and its sending. Queries are counted on a
study that has every kind of page.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from surveys.models import Study

PAIRS = 9
WARM_UP = 2  # walks that fill the caches of templates, translations and prepared queries


class Walk:
    """A participant's walk through a study, and the processor time that its pages took."""

    def __init__(self, study: "Study") -> None:
        from django.test import Client

        self._client = Client(raise_request_exception=True)
        self._client.handler.load_middleware()
        self._respond = self._client.handler.get_response
        self._client.handler.get_response = self._timed
        self.seconds, self.pages = 0.0, 0
        address = f"/s/{study.slug}/"
        self._open(address)
        self.page = self._open(self._post(address, self.page.hidden))

    def show(self) -> None:
        """Load the current page."""
        self._open(self.page.path)

    def send(self) -> None:
        """Send the first choice of every question. The next page is not loaded yet."""
        chosen = {name: values[0] if values else "" for name, values in self.page.questions.items()}
        self._post(self.page.path, {**self.page.hidden, **chosen})
        self.pages += 1

    def _open(self, path: str) -> Any:
        from surveys.simulation.browser import read_page

        answer = self._client.get(path, secure=True)
        self.page = read_page(path, answer.status_code, answer.content.decode())
        return self.page

    def _post(self, path: str, fields: dict[str, str]) -> str:
        answer = self._client.post(
            path, urlencode(fields), content_type="application/x-www-form-urlencoded", secure=True
        )
        if answer.status_code != 303:
            raise RuntimeError(f"{path} was sent and answered with status {answer.status_code}.")
        return str(answer["Location"])

    def _timed(self, request: Any) -> Any:
        start = time.process_time()
        try:
            return self._respond(request)
        finally:
            self.seconds += time.process_time() - start


def main(pairs: int) -> None:
    """Prepare both studies in a folder of their own, and print the numbers of queries and the
    times."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STUDY_DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "studyplatform.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.test import override_settings

        call_command("migrate", verbosity=0)
        with override_settings(DEBUG=False, ALLOWED_HOSTS=["*"]):  # DEBUG keeps every query
            print_queries(Path(folder))
            print_times(pairs)


def print_queries(folder: Path) -> None:
    """Print the number of database queries of each kind of page."""
    from tests.surveys.everykind import every_kind_study

    print("| kind of page | queries to show it | queries to store it |\n|---|---|---|")
    for kind, (shown, stored) in sorted(queries_by_kind(every_kind_study(folder)).items()):
        print(f"| {kind} | {_span(shown)} | {_span(stored)} |")


def queries_by_kind(study: "Study") -> dict[str, tuple[list[int], list[int]]]:
    """Count the queries of each display and each sending in one walk, by kind of page."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from surveys.pages import sequence

    found: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    walk = Walk(study)
    while "step" in walk.page.hidden:
        step = sequence.step_of(study, walk.page.hidden["step"])
        if step is None:
            raise RuntimeError(f"The study has no page {walk.page.hidden['step']!r}.")
        with CaptureQueriesContext(connection) as shown:
            walk.show()
        with CaptureQueriesContext(connection) as stored:
            walk.send()
        found[step.kind][0].append(len(shown))
        found[step.kind][1].append(len(stored))
        walk.show()
    return found


def print_times(pairs: int) -> None:
    """Print the processor time of a page with and without the prepared queries."""
    from tests.surveys.shipped import ROOT, open_study

    study = open_study(ROOT / "studies" / "demo.toml")
    for _ in range(WARM_UP):
        milliseconds_per_page(study)
    prepared, plain = [], []
    for number in range(pairs):
        for is_plain in (number % 2 == 0, number % 2 == 1):
            if is_plain:
                with written_anew():
                    plain.append(milliseconds_per_page(study))
            else:
                prepared.append(milliseconds_per_page(study))
    saved = [1 - one / other for one, other in zip(prepared, plain, strict=True)]
    print(f"\nPython {platform.python_version()}, {pairs} pairs, processor time of a page in ms:")
    for name, values in (("prepared queries", prepared), ("plain queries", plain)):
        print(f"{name}: {_summary(values, '.2f')}")
    print(f"saved of a page: {_summary(saved, '.1%')}")


def milliseconds_per_page(study: "Study") -> float:
    """Walk a whole block of allocations, so that every arm counts once, and take the mean."""
    seconds = pages = 0.0
    for _ in study.arms.all():
        walk = Walk(study)
        while "step" in walk.page.hidden:
            walk.send()
            walk.show()
        seconds, pages = seconds + walk.seconds, pages + walk.pages
    return 1000 * seconds / pages


@contextmanager
def written_anew() -> Iterator[None]:
    """Let Django write the SQL of every query anew, as a plain queryset does."""
    from surveys.models.prepared_query import PreparedQuery

    kept = PreparedQuery.__call__
    PreparedQuery.__call__ = lambda query, *values: list(query._build(*values))  # type: ignore
    try:
        yield
    finally:
        PreparedQuery.__call__ = kept  # type: ignore[method-assign]


def _span(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _summary(values: list[float], form: str) -> str:
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"median {middle:{form}}, from {low:{form}} to {high:{form}}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
