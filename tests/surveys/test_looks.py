"""Looks at a running study: people are told go on or stop, and nothing else."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import Error, transaction

from analysis.study_data.study_data import read_study
from studyplatform.jobs import queue
from studyplatform.jobs.kinds import ArgumentsError
from studyplatform.models import AuditEntry
from surveys import services
from surveys.export.writing import export_study
from surveys.models import Look, Study
from tests.jobs.conftest import do_next
from tests.surveys import factories
from tests.surveys.snapshots import made_once

PLAN = """
[analysis]
control = "none"
[[analysis.outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
asked_in = ["none", "gradcam"]
fallback = "none"
[analysis.looks]
outcome = "trust"
kind = "pocock"
times = [8, 16, 60]
"""


@pytest.fixture
def planned(db, tmp_path) -> Study:
    return factories.small_study(tmp_path, plan=PLAN)


@made_once
def study_of_twenty(folder: Path) -> Study:
    """A study with looks, and twenty people whose arms do not differ."""
    study = factories.small_study(folder, plan=PLAN)
    come(study, 20)
    return study


@pytest.fixture
def visited(db, tmp_path) -> Study:
    return study_of_twenty(tmp_path)


def come(study: Study, number: int, effect: int = 0, first: int = 0) -> None:
    """So many people; the arm with Grad-CAM answers so many points higher."""
    for place in range(first, first + number):
        person = factories.allocated(study, f"person {place}")
        shift = effect if person.arm.key == "gradcam" else 0
        factories.walk(person, choice=place // 4 % 2 + shift)


def look(**options: str) -> str:
    out = StringIO()
    call_command("look", "small", by="R. Searcher", stdout=out, **options)
    return out.getvalue()


def test_a_look_tells_only_go_on_or_stop_and_is_recorded(planned, tmp_path):
    with pytest.raises(CommandError, match="Nobody has taken part yet"):
        look()
    come(planned, 20)
    assert look().strip().endswith("participants with a score: GO ON.")
    held = Look.objects.get()
    assert (held.number, held.told, held.planned, held.by) == (1, "go_on", True, "R. Searcher")
    with pytest.raises(CommandError, match="Wait for more"):
        look()
    entry = AuditEntry.objects.get(act="looked")
    assert entry.after == {"people": held.people, "decision": "go_on"}
    assert not AuditEntry.objects.filter(act="data exported").exists()
    # The study stays blind: an export has neither arms nor anything that the look saw.
    assert planned.unblinded_at is None
    export_study(study=planned, output=tmp_path / "export")
    manifest = json.loads((tmp_path / "export" / "manifest.json").read_text())
    assert manifest["arms_blinded"]
    assert manifest["looks"][0]["people"] == held.people
    assert set(manifest["looks"][0]) == {
        *("at", "by", "people", "efficacy", "futility", "told", "planned", "reason"),
    }


@pytest.mark.nightly
def test_a_clear_effect_tells_to_stop_and_no_look_follows(planned, tmp_path):
    come(planned, 24, effect=3)
    told = look()
    assert "STOP. End the collection." in told
    assert "gradcam" not in told
    come(planned, 8, effect=3, first=24)
    with pytest.raises(CommandError, match="A look has told to stop"):
        look()
    services.close_study(study=planned)
    services.unblind_study(study=planned, reason="A look told to stop.", by="R. Searcher")
    export_study(study=planned, output=tmp_path / "export")
    assert read_study(tmp_path / "export").manifest["looks"][0]["told"] == "stop"
    with pytest.raises(CommandError, match="is unblinded"):
        look()


@pytest.mark.nightly
def test_a_look_before_its_time_needs_a_reason(planned):
    come(planned, 10)
    with pytest.raises(CommandError, match="The next look is planned at 8 participants"):
        look()
    look(unplanned="The grant  ends.")
    held = Look.objects.get()
    assert (held.planned, held.reason) == (False, "The grant ends.")


@pytest.mark.nightly
def test_scores_that_are_all_alike_are_not_told(planned):
    for place in range(20):
        factories.walk(factories.allocated(planned, f"person {place}"), choice=1)
    with pytest.raises(CommandError) as refusal:
        look()
    assert str(refusal.value).startswith("The outcome of [looks] cannot be tested yet")
    assert not Look.objects.exists()


@pytest.mark.nightly
def test_a_look_is_never_changed(visited):
    look()
    held = Look.objects.get()
    for act in (lambda: Look.objects.update(told="stop"), held.delete):
        with pytest.raises(Error, match="looks are never changed"), transaction.atomic():
            act()
    # The negative control: without the triggers both would be possible.
    with factories.without_triggers():
        assert Look.objects.update(told="stop") == 1


@pytest.mark.nightly
def test_a_job_looks_and_is_refused_without_a_plan_of_looks(visited):
    ada = User.objects.create_user("ada")
    queue.enqueue("look", study=visited, data={"unplanned": ""}, by=ada)
    job, told = do_next()
    assert job.state == "done", job.error
    assert job.result["summary"].endswith("GO ON.")
    assert Look.objects.get().by == "ada"
    assert "gradcam" not in json.dumps([job.result, [str(one) for one in told]])


def test_a_study_without_looks_offers_none(db, tmp_path):
    study = factories.small_study(tmp_path)
    with pytest.raises(ArgumentsError, match="has no looks before the end"):
        queue.enqueue("look", study=study, data={}, by=None)
    with pytest.raises(CommandError, match=r"has no \[looks\]|Nobody has taken part"):
        call_command("look", "small")
