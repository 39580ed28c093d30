"""The same seed makes the same export and the same results, in another database too."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from django.db import connection, transaction

from analysis.results import compute, to_json
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from explanations.models import Explanation, Prediction, StudyImage
from surveys import services
from surveys.export.writing import export_study
from surveys.models import Stimulus
from surveys.services import enrolment
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from tests.conftest import ROOT
from tests.surveys.drawn import drawn_study

CLOCK = frozenset(
    ("consented_at", "completed_at", "answered_at", "seconds_total", "server_seconds")
)
"""Columns of the server's clock, the only ones that may differ."""
TABLES = (
    *("participants.csv", "trials.csv", "answers.csv", "pages.csv", "page_events.csv"),
    *("wide.csv", "codebook.csv", "plan.toml"),
)


class UndoneError(Exception):
    """Leaves a transaction, so that the next simulation begins with an empty database."""


def simulated(folder, weights):
    """The export and results.json of a study that is loaded, simulated and forgotten."""
    try:
        with transaction.atomic():
            study = drawn_study(weights)
            simulate(study=study, number=8, seed=3, profile=load("mixed"))
            export_study(study=study, output=folder, simulated="only")
            raise UndoneError
    except UndoneError:
        data = read_study(folder)
        return folder, json.loads(to_json(compute(data, score_table(data))))


def without_the_clock(folder, name: str):
    text = (folder / name).read_text(encoding="utf-8")
    if not name.endswith(".csv"):
        return text
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{key: cell for key, cell in row.items() if key not in CLOCK} for row in rows]


def with_other_primary_keys() -> None:
    """Let the next rows get other primary keys, as in a database that had an earlier study."""
    with connection.cursor() as cursor:
        for model in (StudyImage, Prediction, Explanation, Stimulus):
            table = model._meta.db_table
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, 1000)", [table])


def compared(tmp_path):
    weights = tmp_path / "weights"
    weights.mkdir()
    first, results = simulated(tmp_path / "first", weights)
    with_other_primary_keys()
    again, results_again = simulated(tmp_path / "again", weights)
    differing = [
        name for name in TABLES if without_the_clock(first, name) != without_the_clock(again, name)
    ]
    return differing, results, results_again


@pytest.mark.nightly
@pytest.mark.django_db
def test_the_same_seed_makes_the_same_export_and_results_in_another_database(tmp_path):
    differing, results, results_again = compared(tmp_path)
    assert differing == []
    for one in (results, results_again):
        one.pop("hashes", None)  # of the files, which have the clock in them
    with_the_clock = {"collection", "data", "provenance"}
    assert {key for key in results if results[key] != results_again[key]} <= with_the_clock
    assert results["outcomes"] == results_again["outcomes"]


@pytest.mark.nightly
@pytest.mark.postgres
def test_sqlite_and_postgresql_give_the_same_export(tmp_path, postgres):
    """Only the rows' order in the database's own answers could differ; every table is sorted."""
    addresses = {
        "sqlite": f"sqlite:///{tmp_path}/study.sqlite3",
        "postgres": postgres.new_database(),
    }
    for name, address in addresses.items():
        folder = tmp_path / name
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-m", "tests.surveys.simulated_export", str(folder)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": address, "STUDY_DATA_DIR": str(folder / "var")},
            check=True,
        )
    first, second = (tmp_path / name / "export" for name in addresses)
    assert len(without_the_clock(first, "trials.csv")) >= 24
    assert [
        name for name in TABLES if without_the_clock(first, name) != without_the_clock(second, name)
    ] == []


@pytest.mark.nightly
@pytest.mark.django_db
def test_random_pseudonyms_would_be_noticed(tmp_path, monkeypatch):
    from surveys.models.codes import pseudonym

    monkeypatch.setattr(enrolment, "_simulated_pseudonym", lambda study: pseudonym())
    differing, _, _ = compared(tmp_path)
    assert {"participants.csv", "trials.csv", "wide.csv"} <= set(differing)


@pytest.mark.django_db
def test_real_participants_keep_random_pseudonyms_and_an_erasure_repeats_none(tmp_path):
    study = drawn_study(tmp_path)
    robots = [
        services.enrol(study=study, arrival_key=f"robot {n}", simulated=True) for n in range(3)
    ]
    services.erase(participant=robots[0])
    names = {robot.pseudonym for robot in robots}
    late = services.enrol(study=study, arrival_key="late robot", simulated=True)
    assert late.pseudonym not in {robot.pseudonym for robot in robots[1:]}
    person = services.enrol(study=study, arrival_key="person")
    assert person.pseudonym not in names | {enrolment._name_of(study, n) for n in range(10)}
