"""Migrations that move data, on a database that people have used."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython
from django.utils import timezone

BEFORE = [("surveys", "0009_late_allocation")]
AFTER = [("surveys", "0010_places_are_those_taken")]
WITHDRAWN = [("surveys", "0016_recruitment_services")]
STOPPED = [("surveys", "0017_stopping_is_not_withdrawing")]


def migrate(to):
    """The models as they then are; images and classifiers have all of their migrations."""
    executor = MigrationExecutor(connection)
    to = [*to, *executor.loader.graph.leaf_nodes("explanations")]
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@contextmanager
def models_of(before):
    """The models of an earlier migration; afterwards all migrations are there again."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        yield migrate(before)
    finally:
        migrate(latest)


@pytest.fixture
def old(transactional_db):
    """The models before places were made when taken."""
    with models_of(BEFORE) as apps:
        yield apps


@pytest.fixture
def before_stopping(transactional_db):
    """The models when participants who stopped had the state ``withdrawn``."""
    with models_of(WITHDRAWN) as apps:
        yield apps


class Old:
    """Rows as they were made then: each study had its whole list of places beforehand."""

    def __init__(self, apps):
        self.model = lambda name: apps.get_model("surveys", name)
        self.images = apps.get_model("explanations", "ImageSet").objects.create(
            name="old", class_names=["a", "b"]
        )
        self.classifier = apps.get_model("explanations", "ClassifierWeights").objects.create(
            sha256="0" * 64, name="old", path="old", class_names=["a", "b"]
        )

    def study(self, slug: str, state: str, *, taken: int = 0, erased: int = 0):
        study = self.model("Study").objects.create(
            slug=slug,
            state=state,
            seed=1,
            image_set=self.images,
            classifier=self.classifier,
        )
        arm = self.model("Arm").objects.create(study=study, position=1, key="one", label="One")
        for position in range(1, 7):
            person = self.person(study, arm, position) if position <= taken else None
            self.model("AllocationSlot").objects.create(
                study=study,
                arm=arm,
                position=position,
                participant=person,
                erased=taken < position <= taken + erased,
            )
        return study

    def person(self, study, arm, number: int, **fields):
        return self.model("Participant").objects.create(
            study=study,
            arm=arm,
            code=f"{study.slug}-{number}",
            pseudonym=f"P{study.pk}{number}",
            arrival_key=f"{study.slug}-{number}",
            personal_code=f"{study.slug[:6]}-{number}",
            consented_at=timezone.now(),
            **fields,
        )


@pytest.mark.nightly
def test_a_study_that_had_begun_is_closed_with_all_that_was_taken_and_no_other(old):
    rows = Old(old)
    rows.study("begun", "open", taken=3)
    rows.study("all deleted", "open", erased=2)
    rows.study("closed before", "closed", taken=2, erased=1)
    rows.study("nobody came", "open")
    rows.study("draft", "draft")
    before = {study.slug: study.allocation_secret for study in rows.model("Study").objects.all()}
    new = migrate(AFTER)
    studies = {study.slug: study for study in new.get_model("surveys", "Study").objects.all()}
    slots = new.get_model("surveys", "AllocationSlot").objects
    assert {slug: study.state for slug, study in studies.items()} == {
        "begun": "closed",
        "all deleted": "closed",
        "closed before": "closed",
        "nobody came": "open",
        "draft": "draft",
    }
    kept = {slug: slots.filter(study__slug=slug).count() for slug in studies}
    assert kept == {"begun": 3, "all deleted": 2, "closed before": 3, "nobody came": 0, "draft": 0}
    assert not slots.filter(participant=None, erased=False).exists()
    assert list(slots.filter(study__slug="begun").values_list("position", flat=True)) == [1, 2, 3]
    assert new.get_model("surveys", "Participant").objects.count() == 5
    after = {slug: study.allocation_secret for slug, study in studies.items()}
    assert all(len(secret) == 32 for secret in after.values())
    assert len(set(after.values())) == len(studies)
    assert not set(after.values()) & set(before.values())


def people_of_every_state(apps):
    """One participant of each state, with the event that each state leaves."""
    rows = Old(apps)
    study = rows.study("people", "closed")
    arm = rows.model("Arm").objects.get(study=study)
    for number, state in enumerate(("started", "completed", "withdrawn"), start=1):
        done = {"finished_at": timezone.now(), "completion_code": "DONE"}
        fields = done if state == "completed" else {}
        person = rows.person(study, arm, number, state=state, **fields)
        kind = "withdrawn" if state == "withdrawn" else "replayed"
        rows.model("Event").objects.create(participant=person, kind=kind, step="trial:1")


def stored(apps):
    people = apps.get_model("surveys", "Participant").objects.order_by("pk")
    events = apps.get_model("surveys", "Event").objects.order_by("pk")
    kinds = list(events.values_list("kind", flat=True))
    return list(people.values_list("state", flat=True)), kinds


@pytest.mark.nightly
def test_who_was_called_withdrawn_has_stopped_and_all_others_stay_as_they_were(before_stopping):
    people_of_every_state(before_stopping)
    kinds = ["replayed", "replayed"]
    was = (["started", "completed", "withdrawn"], [*kinds, "withdrawn"])
    assert stored(before_stopping) == was
    assert stored(migrate(STOPPED)) == (["started", "completed", "stopped"], [*kinds, "stopped"])
    assert stored(migrate(WITHDRAWN)) == was


@pytest.mark.nightly
def test_without_its_own_step_the_migration_leaves_the_former_word(before_stopping, monkeypatch):
    """The negative control of the test above."""
    people_of_every_state(before_stopping)
    with monkeypatch.context() as patched:
        patched.setattr(RunPython, "database_forwards", lambda *arguments: None)
        states, kinds = stored(migrate(STOPPED))
    assert "stopped" not in [*states, *kinds]
    assert states[-1] == kinds[-1] == "withdrawn"


ON_ANOTHER_DATABASE = """
import json, django
django.setup()
from tests.surveys import test_migrations as here
before = here.migrate(here.WITHDRAWN)
here.people_of_every_state(before)
print(json.dumps([here.stored(before), here.stored(here.migrate(here.STOPPED))]))
"""


@pytest.mark.nightly
def test_postgresql_renames_the_state_too(postgres):
    environment = {**os.environ, "DATABASE_URL": postgres.new_database()}
    done = subprocess.run(
        [sys.executable, "-c", ON_ANOTHER_DATABASE],
        env={**environment, "DJANGO_SETTINGS_MODULE": "studyplatform.settings"},
        check=True,
        capture_output=True,
        text=True,
    )
    before, after = json.loads(done.stdout)
    assert before == [["started", "completed", "withdrawn"], ["replayed", "replayed", "withdrawn"]]
    assert after == [["started", "completed", "stopped"], ["replayed", "replayed", "stopped"]]
