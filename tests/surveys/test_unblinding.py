"""Pause, end of collection and unblinding: three acts, of which the last alone shows the arms."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from analysis.sections.deviations import deviations
from analysis.study_data.study_data import read_study
from surveys import services
from surveys.blinding import is_blinded
from surveys.export.writing import export_study
from surveys.models import Study
from surveys.services import StudyClosedError, StudyError
from tests.surveys import factories


def arrive(study, *keys):
    return [factories.walk(factories.allocated(study, key)) for key in keys]


def blinding(folder):
    """The report's deviations that concern blinding."""
    listed = deviations(read_study(folder), (), None)
    return [row.done for row in listed if row.where == "blinding"]


def test_a_paused_study_admits_nobody_but_lets_people_finish(study):
    person = factories.allocated(study, "early")
    assert call_command("pause_study", "small").startswith("The study 'small' is paused.")
    with pytest.raises(StudyClosedError):
        services.enrol(study=study, arrival_key="late")
    assert factories.walk(person).state == "completed"
    assert "This study is paused" in Client().get("/s/small/").content.decode()
    call_command("open_study", "small")
    assert services.enrol(study=study, arrival_key="late")
    assert study.versions.count() == 1


@pytest.mark.parametrize("state", ["draft", "closed"])
def test_only_an_open_study_can_be_paused(study, state):
    Study.objects.update(state=state)
    with pytest.raises(CommandError, match=f"is {state}. Only an open study can be paused"):
        call_command("pause_study", "small")


def test_neither_a_pause_nor_the_end_shows_arms(study):
    services.pause_study(study=study)
    assert is_blinded(study)
    services.close_study(study=study)
    assert is_blinded(study)


def test_unblinding_is_recorded_with_name_time_and_reason(study, tmp_path):
    arrive(study, "one", "two", "three", "four")
    services.close_study(study=study)
    call_command("unblind_study", "small", reason="The sample  is\ncomplete.", by="R. Searcher")
    study.refresh_from_db()
    export_study(study=study, output=tmp_path / "out")
    written = json.loads((tmp_path / "out" / "manifest.json").read_text())["unblinding"]
    assert written.pop("at") == study.unblinded_at.isoformat(timespec="milliseconds")
    assert written == {
        "by": "R. Searcher",
        "reason": "The sample is complete.",
        "before_end": False,
    }
    assert blinding(tmp_path / "out") == []


@pytest.mark.parametrize("state", ["open", "paused"])
def test_unblinding_before_the_end_is_an_explicit_act_and_a_deviation(study, tmp_path, state):
    arrive(study, "one", "two", "three", "four")
    if state == "paused":
        services.pause_study(study=study)
    with pytest.raises(CommandError, match=f"is {state}. Close it first, or .* --before-end"):
        call_command("unblind_study", "small", reason="Adverse events.")
    call_command("unblind_study", "small", "--before-end", reason="Adverse events.", by="An Owner")
    services.open_study(study=Study.objects.get(), although_unblinded=True)
    arrive(Study.objects.get(), "five")
    services.close_study(study=study)
    export_study(study=Study.objects.get(), output=tmp_path / "out")
    (done,) = blinding(tmp_path / "out")
    assert done.startswith("arms shown before collection had ended, at ")
    assert done.endswith("by An Owner: “Adverse events.”. 1 of 5 participants consented later")


def test_people_who_come_after_the_unblinding_are_counted(study, tmp_path):
    arrive(study, "one", "two", "three", "four")
    factories.end_and_unblind(study)
    with pytest.raises(CommandError, match=r"was unblinded on .* --although-unblinded"):
        call_command("open_study", "small")
    call_command("open_study", "small", "--although-unblinded")
    arrive(Study.objects.get(), "five", "six")
    export_study(study=Study.objects.get(), output=tmp_path / "out")
    (done,) = blinding(tmp_path / "out")
    assert done.startswith("arms shown after collection, at ")
    assert done.endswith("2 of 6 participants consented later")


def test_a_study_is_unblinded_once_and_with_a_reason(study):
    with pytest.raises(StudyError, match="State the reason"):
        services.unblind_study(study=study, reason="  ", by="")
    factories.end_and_unblind(study)
    with pytest.raises(StudyError, match=r"unblinded on .* by R\. Searcher: The sample is comp"):
        services.unblind_study(study=study, reason="Again.", by="")
    with pytest.raises(IntegrityError, match="an_unblinded_study_has_a_reason"):
        Study.objects.update(unblinding_reason="")


def test_a_draft_hides_no_arms_that_could_be_shown(db, tmp_path):
    study = factories.draft_study(tmp_path)
    with pytest.raises(StudyError, match="was never opened"):
        services.unblind_study(study=study, reason="Curiosity.", by="")
