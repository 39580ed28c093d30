"""Processor time and database queries of a participant's pages, over whole walks.

Run from the repository: .venv/bin/python -m benchmarks.pages [PAIRS]

The demo study is walked within this process, through all of Django's middleware and on SQLite as in
production. Each of PAIRS pairs (9 by default) has two walks through every arm: one as it is, one
without the saving that is measured: the SQL of prepared queries is written each time, questions are
rendered, the marks of parameters in SQL are replaced, or pictures are drawn each time. Their
order alternates. Only processor time within the server's handler counts, because other programs on
the machine change the clock and hardly the processor time. A page is its display and its sending.
Queries are counted on a study that has every kind of page.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
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

    def load(self, path: str) -> None:
        """Load a picture."""
        answer = self._client.get(path, secure=True)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered with status {answer.status_code}.")

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
        # A quick machine has more walks a minute than a study admits from one address.
        os.environ["STUDY_ARRIVALS_PER_MINUTE"] = "1000000"
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
    """Print the processor time of pages and pictures with and without each saving."""
    from tests.surveys.shipped import ROOT, open_study

    study = open_study(ROOT / "studies" / "demo.toml")
    store_images()
    for _ in range(WARM_UP):
        milliseconds_per_page(study)
        milliseconds_per_picture(study)
    print(f"\nPython {platform.python_version()}, {pairs} pairs, processor time in ms:")
    for name, measure, without in (
        ("a page, prepared queries", milliseconds_per_page, written_anew),
        ("a page, rendered questions", milliseconds_per_page, rendered_anew),
        ("a page, marks of parameters", milliseconds_per_page, marked_anew),
        ("a picture, kept", milliseconds_per_picture, drawn_anew),
    ):
        print_saved(name, pairs, partial(measure, study), without)


def print_saved(
    name: str,
    pairs: int,
    measure: Callable[[], float],
    without: Callable[[], AbstractContextManager[None]],
) -> None:
    """Print the times with and without a saving, and what is saved in each pair."""
    kept, anew = [], []
    for number in range(pairs):
        for is_anew in (number % 2 == 0, number % 2 == 1):
            if is_anew:
                with without():
                    anew.append(measure())
            else:
                kept.append(measure())
    saved = [1 - one / other for one, other in zip(kept, anew, strict=True)]
    print(f"{name}: {_summary(kept, '.2f')}; without: {_summary(anew, '.2f')}")
    print(f"    saved: {_summary(saved, '.1%')}")


def store_images() -> None:
    """Store the pixels of every image, which the tests' studies lack."""
    import numpy as np

    from explanations.models import StudyImage
    from explanations.pipeline.data_folder import image_store

    for number, image in enumerate(StudyImage.objects.all()):
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        image.sha256 = image_store().write(pixels)
        image.save()


def milliseconds_per_picture(study: "Study") -> float:
    """Load all pictures of the first trial in every arm, and take the mean."""
    seconds = pictures = 0.0
    for _ in study.arms.all():
        walk = Walk(study)
        while not walk.page.pictures:
            walk.send()
            walk.show()
        before = walk.seconds
        for address in walk.page.pictures:
            walk.load(address)
        seconds, pictures = seconds + walk.seconds - before, pictures + len(walk.page.pictures)
    return 1000 * seconds / pictures


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


@contextmanager
def rendered_anew() -> Iterator[None]:
    """Render every question anew for everybody."""
    from surveys.pages import forms

    kept = forms._unanswered
    forms._unanswered = kept.__wrapped__  # type: ignore[assignment]
    try:
        yield
    finally:
        forms._unanswered = kept


@contextmanager
def marked_anew() -> Iterator[None]:
    """Replace the marks of parameters in the SQL at every execution, as Django does."""
    from django.db.backends.sqlite3.base import SQLiteCursorWrapper

    from studyplatform.fair_sqlite.base import Cursor

    kept = Cursor.convert_query
    Cursor.convert_query = SQLiteCursorWrapper.convert_query  # type: ignore[method-assign]
    try:
        yield
    finally:
        Cursor.convert_query = kept  # type: ignore[method-assign]


@contextmanager
def drawn_anew() -> Iterator[None]:
    """Draw and encode every picture anew."""
    from explanations.pipeline.pictures import Picture

    kept = Picture.content
    Picture.content = lambda picture: picture.draw()  # type: ignore[method-assign]
    try:
        yield
    finally:
        Picture.content = kept  # type: ignore[method-assign]


def _span(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _summary(values: list[float], form: str) -> str:
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"median {middle:{form}}, from {low:{form}} to {high:{form}}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
