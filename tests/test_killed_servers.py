"""Web processes die while people send pages: what was confirmed is stored, once, as it was sent.

R1 and R16 of docs/reliability.md. The clients do what the page's script does: they send again.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from threading import Event

import pytest

from surveys.simulation.browser import Page
from surveys.simulation.remote import RemoteBrowser, ServerError
from tests.conftest import ROOT
from tests.postgres import postgres
from tests.surveys.people import first_answers
from tests.test_backups import FILL, environment, run
from tests.test_proxy import free_port, until_up

__all__ = ["postgres"]  # a fixture that starts a server
pytestmark = pytest.mark.nightly
PEOPLE, AT_ONCE = 40, 8
SECONDS = 300
Confirmed = dict[tuple[str, str], dict[str, str]]
"""The answers that were confirmed, by code of the participation and step."""
STORED = """
import django, json
django.setup()
from surveys.models import Submission
rows = Submission.objects.select_related("participant").prefetch_related("answers")
print(json.dumps([
    [row.participant.code, row.step, {answer.item: answer.value for answer in row.answers.all()}]
    for row in rows
]))
"""


@contextmanager
def served(variables: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", "2",
         "--bind", f"127.0.0.1:{port}", "studyplatform.wsgi"],
        cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until_up(port, server)
        yield server, f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def children(process: int) -> list[int]:
    return [
        int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


def insistent(ask: Callable[[], Page]) -> Page:
    """What the page's script does: ask again until the server answers."""
    until = time.monotonic() + SECONDS
    while True:
        try:
            page = ask()
            if page.status < 500:
                return page
        except (ServerError, HTTPException, OSError):
            pass
        assert time.monotonic() < until, "no answer"
        time.sleep(0.2)


def walk(address: str) -> Confirmed:
    """Take part, and return what was confirmed: a page is confirmed when another follows."""
    browser, confirmed = RemoteBrowser(address), {}
    start = insistent(lambda: browser.open("/s/drawn/"))
    page = insistent(lambda: browser.send(start, {}))
    while "step" in page.hidden:
        sent, answers = page, first_answers(page)
        page = insistent(lambda sent=sent, answers=answers: browser.send(sent, answers))
        if page.hidden.get("step") != sent.hidden["step"]:
            confirmed[sent.path.split("/")[2], sent.hidden["step"]] = answers
    return confirmed


def disagreements(confirmed: Confirmed, stored: list[tuple[str, str, dict[str, str]]]) -> list[str]:
    """Name every confirmed page that is lost, doubled, or stored with other answers."""
    counts = Counter((code, step) for code, step, _ in stored)
    answers = {(code, step): values for code, step, values in stored}
    told = [f"{page} is stored {counts[page]} times" for page in confirmed if counts[page] != 1]
    told += [f"{page} is stored {count} times" for page, count in counts.items() if count > 1]
    for page, sent in confirmed.items():
        wanted = {item: value for item, value in sent.items() if value}
        got = {item: value for item, value in answers.get(page, {}).items() if value}
        if page in answers and not wanted.items() <= got.items():
            told.append(f"{page} is stored with other answers")
    return told


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def variables(request, tmp_path) -> dict[str, str]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres").new_database()
    return environment(url, tmp_path / "data") | {
        "STUDY_DEBUG": "0", "STUDY_HTTPS": "0", "STUDY_SECRET_KEY": "k" * 50,
        "STUDY_ALLOWED_HOSTS": "127.0.0.1", "STUDY_ARRIVALS_PER_MINUTE": "10000",
    }  # fmt: skip


@pytest.mark.parametrize("how", ["workers are killed", "the server restarts"])
def test_what_was_confirmed_is_stored_once_and_as_it_was_sent(variables, tmp_path, how):
    run(variables, "-c", FILL, str(tmp_path))
    run(variables, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    over, struck, chance = Event(), 0, random.Random(7)
    with served(variables) as (server, address), ThreadPoolExecutor(AT_ONCE + 1) as threads:

        def strike() -> int:
            times = 0
            while not over.wait(1.0):
                if how == "the server restarts":
                    server.send_signal(signal.SIGHUP)
                elif workers := children(server.pid):
                    os.kill(chance.choice(workers), signal.SIGKILL)
                times += 1
            return times

        striking = threads.submit(strike)
        walks = [threads.submit(walk, address) for _ in range(PEOPLE)]
        try:
            confirmed = {page: sent for walked in walks for page, sent in walked.result().items()}
        finally:
            over.set()
        struck = striking.result()
    stored = stored_in(variables)
    assert struck > 5
    assert len(confirmed) >= 5 * PEOPLE
    assert disagreements(confirmed, stored) == []
    print(f"{how}: {len(confirmed)} pages confirmed, {struck} times, none lost or doubled")
    assert "Everything agrees" in run(variables, "manage.py", "check_integrity")
    # The control: a single lost, doubled or changed page would be found.
    first = next(row for row in stored if (row[0], row[1]) in confirmed and row[2])
    rest = [row for row in stored if row is not first]
    changed = (first[0], first[1], dict.fromkeys(first[2], "another answer"))
    for wrong in (rest, [*stored, first], [*rest, changed]):
        assert disagreements(confirmed, wrong)


def stored_in(variables: dict[str, str]) -> list[tuple[str, str, dict[str, str]]]:
    return [(code, step, values) for code, step, values in json.loads(run(variables, "-c", STORED))]
