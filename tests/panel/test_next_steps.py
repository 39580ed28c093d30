"""What comes after a job is named, and a form offers no choice that would fail."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from studyplatform.jobs.forms import ExportForm, ReportForm
from studyplatform.jobs.kinds import BY_KEY
from studyplatform.models import Job
from studyplatform.panel.access import Right
from studyplatform.panel.study_jobs import FOLLOWING, next_steps
from surveys import services
from tests.surveys import factories


def finished(study, kind: str) -> Job:
    now = timezone.now()
    return Job.objects.create(
        kind=kind, study=study, state="done", request_sha256=kind, queued_at=now, started_at=now,
        finished_at=now, result={"token": 1, "files": [], "summary": "Done."},
    )  # fmt: skip


def test_every_kind_of_job_has_a_next_step():
    assert FOLLOWING.keys() >= BY_KEY.keys()


def test_the_page_of_a_finished_job_names_the_next_step_to_those_who_may(study, signed_in):
    job = finished(study, "simulation")
    address = reverse("panel:job", args=[study.slug, job.pk])
    report = reverse("panel:data", args=[study.slug])
    assert "Try the report on synthetic people" in signed_in("owner").get(address).content.decode()
    assert f'href="{report}">Try' not in signed_in("editor").get(address).content.decode()


def test_a_step_that_fits_another_state_is_left_out(study):
    job = finished(study, "maps")
    rights = frozenset(Right)

    def words():
        return [str(step.words) for step in next_steps(job, study, rights)]

    assert words() == ["Look at every page in the preview"]
    study.state = "draft"
    assert words() == ["Look at every page in the preview", "Go to the launch"]


def test_a_job_that_is_not_done_has_none(study):
    job = finished(study, "maps")
    job.state = Job.State.FAILED
    assert next_steps(job, study, frozenset(Right)) == []


def test_maps_that_failed_for_want_of_pictures_lead_to_where_it_is_mended(study):
    job = finished(study, "maps")
    job.state = Job.State.FAILED
    study.state = "draft"
    assert next_steps(job, study, frozenset(Right)) == [], "its pictures are chosen"
    study.stimuli.all().delete()
    steps = next_steps(job, study, frozenset(Right))
    assert [str(step.words) for step in steps] == ["Ask for fewer images", "Upload more images"]
    assert steps[0].address == reverse("panel:study-section", args=[study.slug, "trials"])
    assert next_steps(job, study, frozenset({Right.VIEW})) == []


def choices(form):
    """The choice that is selected, and those that can be chosen."""
    options = list(form["simulated"])
    usable = [one.data["value"] for one in options if not one.data["attrs"].get("disabled")]
    selected = [one.data["value"] for one in options if one.data["selected"]]
    return selected, usable


@pytest.mark.parametrize("simulated", [True, False])
def test_a_report_of_a_blinded_study_is_of_simulated_people_or_says_why_not(study, simulated):
    factories.allocated(study, "somebody", simulated=simulated)
    form = ReportForm(study)
    if simulated:
        assert choices(form) == (["only"], ["only"])
        assert form.impossible == ""
    else:
        assert choices(form) == ([], [])
        assert "there are no simulated participants" in form.impossible


def test_an_unblinded_report_and_an_export_begin_with_the_people_that_are_there(study):
    factories.allocated(study, "robot", simulated=True)
    assert choices(ExportForm(study)) == (["only"], ["only"]), "nobody real to add"
    factories.allocated(study, "somebody")
    assert choices(ExportForm(study)) == (["none"], ["none", "only", "included"])
    services.close_study(study=study)
    services.unblind_study(study=study, reason="The end.", by="owner")
    study.refresh_from_db()
    assert choices(ReportForm(study)) == (["none"], ["none", "only", "included"])


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "There are no simulated participants."),
        ("de", "Es gibt keine simulierten Teilnehmenden."),
    ],
)
def test_a_report_of_real_and_simulated_people_needs_both(study, signed_in, language, sentence):
    factories.allocated(study, "somebody")
    services.close_study(study=study)
    services.unblind_study(study=study, reason="The end.", by="owner")
    study.refresh_from_db()
    assert choices(ReportForm(study)) == (["none"], ["none"])
    browser = signed_in("owner")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    path = reverse("panel:start-job", kwargs={"slug": study.slug, "key": "report"})
    assert sentence in browser.post(path, {"simulated": "included"}).content.decode()
    assert not study.jobs.exists()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Nobody has taken part yet. Send people the link, or send synthetic people."),
        ("de", "Es hat noch niemand teilgenommen."),
    ],
)
def test_an_export_without_anybody_advises_no_choice_of_people(
    study, signed_in, language, sentence
):
    browser = signed_in("owner")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    assert sentence in browser.get(reverse("panel:data", args=[study.slug])).content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Say how long data are kept"), ("de", "Festlegen, wie lange Daten aufbewahrt werden")],
)
def test_a_study_without_retention_links_its_form_for_those_who_may_edit(
    study, signed_in, language, words
):
    def shown(name: str) -> bool:
        browser = signed_in(name)
        browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        page = browser.get(reverse("panel:data", args=[study.slug])).content.decode()
        form = reverse("panel:study-section", args=[study.slug, "retention"])
        assert "docs/" not in page
        return f'<a href="{form}">{words}</a>' in page

    assert shown("owner")
    assert not shown("analyst")


def test_the_page_says_why_a_report_cannot_be_made(study, signed_in):
    page = signed_in("owner").get(reverse("panel:data", args=[study.slug])).content.decode()
    assert "there are no simulated participants" in page
    assert "Analyse and write the report" not in page


def links_of(client, address: str) -> str:
    return client.get(address).content.decode().partition('id="way-to-report"')[2]


@pytest.mark.parametrize(
    ("state", "there", "missing"),
    [
        ("draft", ("launch", "pilot"), ("end", "unblind")),
        ("open", ("end", "unblind", "pilot"), ()),
        ("paused", ("end", "unblind"), ("pilot",)),
        ("closed", ("unblind",), ("end", "pilot")),
    ],
)
def test_a_blinded_study_names_each_step_to_a_report(study, signed_in, state, there, missing):
    study.state = state
    study.save()
    part = links_of(signed_in("owner"), reverse("panel:data", args=[study.slug]))
    part = part.partition("</section>")[0]
    for name in there:
        assert f'href="{reverse(f"panel:{name}", args=[study.slug])}' in part
    for name in missing:
        assert f'href="{reverse(f"panel:{name}", args=[study.slug])}"' not in part


def test_an_analyst_is_offered_no_page_that_is_refused(study, signed_in):
    analyst = signed_in("analyst")
    part = links_of(analyst, reverse("panel:data", args=[study.slug])).partition("</section>")[0]
    assert "Only an owner can end it." in part
    for address in re.findall(r'href="([^"#]*)', part):
        assert analyst.get(address).status_code == 200, address


def test_an_unblinded_study_has_no_such_steps(study, signed_in):
    services.close_study(study=study)
    services.unblind_study(study=study, reason="The end.", by="owner")
    page = signed_in("owner").get(reverse("panel:data", args=[study.slug])).content.decode()
    assert "way-to-report" not in page


def test_the_step_after_an_export_leads_to_a_form_or_says_what_is_missing(study):
    job, rights = finished(study, "export"), frozenset(Right)
    (step,) = next_steps(job, study, rights)
    assert str(step.words) == "Read what a report needs"
    factories.allocated(study, "robot", simulated=True)
    (step,) = next_steps(job, study, rights)
    assert str(step.words) == "Make a report"


def test_a_comparison_follows_only_where_two_reports_can_be_compared(study):
    job, rights = finished(study, "report"), frozenset(Right)
    assert next_steps(job, study, rights) == []
    job.pk, job.request_sha256 = None, "another"
    job.save()
    (step,) = next_steps(job, study, rights)
    assert str(step.words) == "Compare it with another report"
