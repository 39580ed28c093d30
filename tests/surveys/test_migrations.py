"""Migrations that move data, on a database that people have used."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("surveys", "0009_late_allocation")]
AFTER = [("surveys", "0010_places_are_those_taken")]


def migrate(to):
    """The models as they then are."""
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.fixture
def old(transactional_db):
    """The models before places were made when taken; afterwards all migrations are there again."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        yield migrate(BEFORE)
    finally:
        migrate(latest)


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

    def person(self, study, arm, number: int):
        return self.model("Participant").objects.create(
            study=study,
            arm=arm,
            code=f"{study.slug}-{number}",
            pseudonym=f"P{study.pk}{number}",
            arrival_key=f"{study.slug}-{number}",
            personal_code=f"{study.slug[:6]}-{number}",
            consented_at=timezone.now(),
        )


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
