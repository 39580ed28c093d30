"""Studies put back as rows are those that the services make."""

import hashlib
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from explanations.pipeline.weights_registry import weights_path
from surveys import services
from surveys.models import Study
from surveys.services.fingerprints import changes
from tests.surveys import factories
from tests.surveys.drawn import drawn_study
from tests.surveys.snapshots import APPS

MAKE = (factories.draft_study, factories.small_study, drawn_study)
TIMES = {"at", "loaded_at", "launched_at", "imported_at", "registered_at", "computed_at"}


@pytest.fixture
def nothing(tmp_path, settings):
    """Begins an empty folder and data folder, and forgets the rows that are made meanwhile."""

    @contextmanager
    def begun(name):
        settings.DATA_DIR = tmp_path / name / "var"
        with transaction.atomic():
            yield tmp_path / name
            transaction.set_rollback(True)

    return begun


@pytest.fixture
def no_services(monkeypatch):
    """Whoever asks a service for a study from now on fails."""

    def begin():
        monkeypatch.delattr(services, "load_study")

    return begin


def everything(folder) -> list[str]:
    """All rows, but for times and the folder's name, and all files."""
    sources = "".join(study.source_sha256 for study in Study.objects.all())
    rows = [
        f"{model.__name__}.{field.name}: {getattr(row, field.attname)!r}"
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        for row in model.objects.order_by("pk")
        for field in model._meta.concrete_fields
        if field.name not in TIMES
    ]
    rows = [row.replace(sources, "HASH").replace(str(folder), "FOLDER") for row in rows]
    files = [
        f"{path.relative_to(folder)}: {path.read_bytes()!r}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return rows + files


@pytest.mark.parametrize("make", MAKE, ids=lambda make: make.__name__)
def test_a_study_put_back_is_the_one_that_the_services_make(db, make, nothing, no_services):
    with nothing("made") as folder:
        make.__wrapped__(folder)
        made = everything(folder)
    with nothing("first") as folder:
        make(folder)
        assert everything(folder) == made
    no_services()
    with nothing("second") as folder:
        began = timezone.now()
        study = make(folder)
        assert everything(folder) == made
        assert began - timedelta(seconds=2) < study.loaded_at <= timezone.now()
        assert hashlib.sha256(study.source.encode()).hexdigest() == study.source_sha256
        assert weights_path(study.classifier).is_relative_to(folder)
        assert changes(study) == ()


@pytest.mark.parametrize("otherwise", ["clock", "rows", "files", "questionnaires"])
def test_a_study_in_other_surroundings_is_made_anew(
    db, nothing, no_services, monkeypatch, otherwise
):
    with nothing("first") as folder:
        factories.draft_study(folder)
    with nothing("second") as folder:
        if otherwise == "clock":
            stopped = timezone.now()
            monkeypatch.setattr(timezone, "now", lambda: stopped)
        elif otherwise == "rows":
            factories.images()
        else:
            where = settings.DATA_DIR if otherwise == "files" else settings.INSTRUMENTS_DIR
            where.mkdir(parents=True)
            (where / "something").write_text("else")
        no_services()
        with pytest.raises(AttributeError, match="load_study"):
            factories.draft_study(folder)
