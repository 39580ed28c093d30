"""After collection, the study's page leads to the unblinding, the report and the release."""

import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from studyplatform.jobs.bodies import report
from studyplatform.jobs.step_words import step_in_words
from studyplatform.models import Job
from studyplatform.panel.access import Right
from studyplatform.panel.after_collection import steps_after_collection
from studyplatform.panel.classifier_card import _grouped, _input_in_words
from surveys import services
from tests.conftest import ROOT


@pytest.fixture
def unblinded(study):
    services.close_study(study=study)
    services.unblind_study(study=study, reason="The end.", by="owner")
    study.refresh_from_db()
    return study


def finished(study, kind, **arguments):
    now = timezone.now()
    number = Job.objects.count()
    return Job.objects.create(
        kind=kind, study=study, state="done", arguments=arguments, request_sha256=f"{kind}{number}",
        queued_at=now, started_at=now, finished_at=now,
        result={"token": 1, "files": [], "summary": "Done."},
    )  # fmt: skip


def done(study):
    return [step.is_done for step in steps_after_collection(study, frozenset(Right))]


def test_the_steps_are_on_the_page_of_an_unblinded_study_for_those_who_see_data(
    unblinded, signed_in
):
    address = reverse("panel:study", args=[unblinded.slug])
    shown = signed_in("analyst").get(address).content.decode()
    data = reverse("panel:data", args=[unblinded.slug])
    assert "After the unblinding" in shown
    for target in (f"{data}#start-report", f"{data}#start-export"):
        assert f'href="{target}"' in shown
    assert "After the unblinding" not in signed_in("viewer").get(address).content.decode()


def test_an_ended_study_that_is_blinded_leads_to_its_unblinding(study, signed_in):
    assert done(study) == []
    services.close_study(study=study)
    study.refresh_from_db()
    assert done(study) == [None, False]
    address = reverse("panel:study", args=[study.slug])
    shown = signed_in("analyst").get(address).content.decode()
    assert "After the end of collection" in shown
    for name in ("panel:participants", "panel:unblind"):
        assert f'href="{reverse(name, args=[study.slug])}"' in shown
    assert "After the end of" not in signed_in("viewer").get(address).content.decode()


def test_a_step_is_done_by_a_job_on_real_people_and_two_reports_can_be_compared(unblinded):
    assert done(unblinded) == [False, False, None, False]
    finished(unblinded, "report", simulated="only")
    assert done(unblinded)[0] is False, "a trial of the analysis is no report"
    finished(unblinded, "report", simulated="none")
    finished(unblinded, "export", simulated="none")
    assert done(unblinded) == [True, True, None, False]
    compare = steps_after_collection(unblinded, frozenset(Right))[2]
    assert compare.address.endswith("#made")


def test_only_the_next_step_has_the_main_button(unblinded, signed_in):
    owner = signed_in("owner")

    def main_buttons():
        page = owner.get(reverse("panel:study", args=[unblinded.slug])).content.decode()
        return re.findall(r'<a class="button small"[^>]*>([^<]+)', page)

    assert main_buttons() == ["Make the report"]
    finished(unblinded, "report", simulated="none")
    assert main_buttons() == ["Export the data"]


# Jobs and cards in the reader's language


class Heard:
    def __init__(self):
        self.told = []

    def progress(self, done, total, unit, step):
        self.told.append((done, total, unit, step))

    def step(self, words):
        self.told.append(words)


def test_a_report_tells_a_rising_share_of_its_work_from_the_beginning():
    heard = Heard()
    told = report._telling(heard)
    steps = ["beginning", "table 1 of 2", "table 2 of 2", "files", "reading", "outcome 1 of 3",
             "outcome 3 of 3", "other parts", "drawing", "word", "printing"]  # fmt: skip
    with translation.override("de"):
        for step in steps:
            told(step)
        assert step_in_words(heard.told[5][3]) == "Zielgröße 1 von 3"
    shares = [done for done, *_rest in heard.told]
    assert shares == sorted(set(shares))
    assert {total for _done, total, *_rest in heard.told} == {100}
    assert heard.told[5][2:] == ("Prozent der Arbeit", "outcome 1 of 3")


def test_every_step_that_export_and_analysis_tell_has_a_share():
    sources = ["analysis/run.py", "analysis/results.py", "surveys/export/writing.py"]
    text = "".join((Path(ROOT) / name).read_text(encoding="utf-8") for name in sources)
    steps = re.findall(r'\btold\(f?"([^"]+)"\)', text)
    assert len(steps) > 5
    for step in steps:
        assert (step in report.STAGES) or step.partition(" {")[0] in report.STAGES, step


def test_the_rule_of_the_input_is_in_the_readers_language_and_an_unknown_one_stays():
    stated = "largest centred square, resized to 32 x 32 pixels"
    assert _input_in_words(stated) == stated
    with translation.override("de"):
        assert _input_in_words(stated).startswith("größtes Quadrat in der Mitte, auf 32 x 32")
        assert "256" in _input_in_words(
            "shorter side to 256 pixels, then the centred square of 224 pixels"
        )
        assert _input_in_words("by hand") == "by hand"


def test_the_number_of_parameters_has_the_separators_of_the_language():
    assert (_grouped(6400586), _grouped("")) == ("6,400,586", "")
    with translation.override("de"):
        assert _grouped(6400586) == "6.400.586"
