"""The walks of a folder: which are finished, several at once, and the export of their study."""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from threading import Lock

import pandas as pd
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright

from benchmarks.served import ROOT, environment_of, prepared, running
from benchmarks.signals.protocol import WalkError, Way

CHROMIUM = next(
    path
    for path in ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
    if Path(path).exists()
)
FIRST_SEED = 1000
COLUMNS = ("way", "number", "marked", "code", "seconds")
CODES = """
import django
django.setup()
from surveys.models import Participant
for person in Participant.objects.exclude(completion_code=""):
    print(person.completion_code, person.pseudonym)
"""


@dataclass(frozen=True)
class Walk:
    """A planned walk: the way's key, the number that gives the seed, and whether it has a mark."""

    way: str
    number: int
    marked: bool


def walk_missing(
    folder: Path, create: str, planned: Sequence[Walk], ways: Mapping[str, Way], at_once: int
) -> None:
    """Walk what the folder lacks, and write each finished walk to its walks.csv.

    A walk that fails is told and walked again by the next call.
    """
    if not (folder / "walks.csv").exists():
        folder.mkdir(parents=True, exist_ok=True)
        prepared(folder, create, "")
        _write(folder, COLUMNS)
    finished = {Walk(*row) for row in finished_walks(folder)[["way", "number", "marked"]].values}
    missing = [walk for walk in planned if walk not in finished]
    if not missing:
        return
    lock = Lock()
    environment = {**os.environ, **environment_of(folder)}
    with (
        running(environment, "--workers", "1") as (address, _),
        ThreadPoolExecutor(at_once) as pool,
    ):

        def done(walk: Walk) -> None:
            begun = time.monotonic()
            try:
                code = _walked(ways[walk.way], walk, f"{address}/s/signals/")
            except (WalkError, BrowserError, RuntimeError, OSError) as error:
                print(f"{walk.way} {walk.number} failed: {error}", flush=True)
                return
            seconds = round(time.monotonic() - begun)
            with lock:
                _write(folder, (*astuple(walk), code, seconds))
                print(f"{walk.way} {walk.number}: {seconds} s", flush=True)

        list(pool.map(done, missing))


def _walked(way: Way, walk: Walk, address: str) -> str:
    options = {**dict(way.options), "unmarked": not walk.marked}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            return way.walk(browser, address, FIRST_SEED + walk.number, options)
        finally:
            browser.close()


def finished_walks(folder: Path) -> pd.DataFrame:
    """Return the finished walks of a folder, with the columns COLUMNS."""
    return pd.read_csv(folder / "walks.csv", dtype={"code": str, "marked": bool})


def exported(folder: Path) -> pd.DataFrame:
    """Export the study of the finished walks and return a row of participants.csv for each walk.

    A copy of the database is exported, because an export needs a closed study.
    """
    closed = folder / "closed"
    shutil.rmtree(closed, ignore_errors=True)
    shutil.copytree(folder / "data", closed)
    environment = {**environment_of(folder), "STUDY_DATA_DIR": str(closed)}

    def run(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True,
        ).stdout  # fmt: skip

    run("manage.py", "close_study", "signals")
    run("manage.py", "unblind_study", "signals", "--reason", "benchmark")
    run("manage.py", "export_study", "signals", "--output", str(closed / "export"))
    known = dict(line.split() for line in run("-c", CODES).splitlines())
    walks = finished_walks(folder)
    walks["participant"] = walks["code"].map(known)
    people = pd.read_csv(closed / "export" / "participants.csv")
    return walks.merge(people, on="participant", how="left", validate="1:1")


def _write(folder: Path, row: Sequence[object]) -> None:
    with (folder / "walks.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(row)
