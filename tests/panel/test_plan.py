"""The plan's page: the sample that is written into the file, and the preregistration."""

import json
import tomllib
from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from studyplatform.jobs.planned_effects import planned_effects
from studyplatform.models import AuditEntry, Job, LockedRegistration
from studyplatform.panel import study_texts
from surveys import services
from surveys.models import Study
from surveys.services.stimuli import choose_stimuli
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories
from tests.surveys.snapshots import made_once

CONSENT = "What happens here. " * 8
COMMENT = "# Why these outcomes: see the protocol."


def address(study, name="plan", **values):
    return reverse(f"panel:{name}", kwargs={"slug": study.slug, **values})


@made_once
def commented(folder):
    study = factories.draft_study(folder)
    text = study.source.replace("What happens here.", CONSENT)
    study = services.load_study(text.replace("[analysis]", f"{COMMENT}\n[analysis]"))
    factories.predict(study)
    choose_stimuli(study)
    return study


@pytest.fixture
def draft(db, tmp_path):
    """Ready for the launch, with a comment in its plan and members of each kind."""
    study = commented(tmp_path)
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
    return study


@pytest.fixture
def simulated(draft) -> Job:
    """A simulation that found 30 per arm."""
    made = {
        "per_arm": 30,
        "arms": 4,
        "samples": [
            {"outcome": "trust", "label": "Trust", "effect": 0.4, "d": 0.4, "per_arm": 30,
             "sentence": "30 participants per arm must be randomised."},
        ],
    }  # fmt: skip
    return Job.objects.create(
        kind="power", study=draft, state="done", request_sha256="x",
        arguments={"power": 0.9, "runs": 400, "effects": {"trust": 0.4}},
        queued_at=timezone.now(), started_at=timezone.now(), finished_at=timezone.now(),
        result={"token": 1, "files": [], "summary": "", "provenance": made},
    )  # fmt: skip


def test_the_page_shows_the_curve_and_proposes_the_sample(draft, simulated, signed_in):
    page = signed_in("editor").get(address(draft)).content.decode()
    assert "30 participants per arm must be randomised." in page
    assert f"/jobs/{simulated.pk}/files/figures/power-trust.svg" in page
    assert 'name="places" value="120"' in page
    assert 'name="power" value="0.9"' in page
    assert 'name="d" value="0.4"' in page


def test_a_draft_uses_the_choice_at_once_and_the_rest_of_the_file_stays(
    draft, simulated, signed_in
):
    sent = {"places": 120, "power": 0.9, "d": 0.4}
    browser = signed_in("editor")
    response = browser.post(address(draft, "write-sample", pk=simulated.pk), sent)
    assert response["Location"] == address(draft)
    first, second = draft.text.versions.order_by("number")
    plan = tomllib.loads(second.source)["analysis"]
    assert plan["sample_goal"] == {"power": 0.9, "d": 0.4}
    assert plan["outcomes"][0]["smallest_effect"] == 0.4
    assert COMMENT in second.source
    lines = set(first.source.splitlines()) - set(second.source.splitlines())
    assert lines == {"places = 60"}
    editor = draft.members.get(user__username="editor").user
    assert study_texts.problems_of(draft.text, second.source, editor) == ()
    study = Study.objects.get(pk=draft.pk)
    assert study.source == second.source
    assert study.stimuli.count(), "the images stay chosen, or are chosen again"
    page = browser.get(address(draft)).content.decode()
    assert "The study uses version 2 now." in page


def test_other_changes_that_a_draft_does_not_use_yet_are_not_used_by_the_way(
    draft, simulated, signed_in
):
    owner = draft.members.get(user__username="owner").user
    text = study_texts.text_of(draft, owner)
    study_texts.save(text, f"{draft.source}# a thought\n", after=1, user=owner)
    sent = {"places": 120, "power": 0.9, "d": 0.4}
    editor = signed_in("editor")
    response = editor.post(address(draft, "write-sample", pk=simulated.pk), sent)
    assert response["Location"] == reverse("panel:study-text", args=[text.pk])
    assert "does not use this version yet" in editor.get(response["Location"]).content.decode()
    assert Study.objects.get(pk=draft.pk).source == draft.source


def test_the_choice_for_a_launched_study_waits_for_its_editors(draft, simulated, signed_in):
    services.open_study(study=draft)
    sent = {"places": 120, "power": 0.9, "d": 0.4}
    signed_in("editor").post(address(draft, "write-sample", pk=simulated.pk), sent)
    assert Study.objects.get(pk=draft.pk).source == draft.source
    assert draft.text.versions.count() == 2


def test_a_file_with_mistakes_is_not_written_over(draft, simulated, signed_in):
    text = study_texts.text_of(draft, draft.members.get(user__username="owner").user)
    study_texts.save(text, "slug = ", after=1, user=text.created_by)
    sent = {"places": 120, "power": 0.9}
    response = signed_in("editor").post(address(draft, "write-sample", pk=simulated.pk), sent)
    assert response.status_code == 409
    assert "Mend it in the text editor first." in response.content.decode()
    assert text.versions.count() == 2


def test_without_a_simulation_the_page_leads_to_one(draft, signed_in):
    page = signed_in("editor").get(address(draft)).content.decode()
    assert address(draft, "start-job", key="power") in page
    assert address(draft, "start-job", key="power") not in (
        signed_in("viewer").get(address(draft)).content.decode()
    )


def test_the_form_of_a_simulation_asks_for_the_smallest_effect_of_each_outcome(draft, signed_in):
    page = signed_in("editor").get(address(draft, "start-job", key="power")).content.decode()
    assert 'name="effect_trust"' in page
    assert "Lakens" in page


def document(browser, study, name="preregistration.html"):
    return browser.get(reverse("panel:preregistration", kwargs={"slug": study.slug, "name": name}))


def test_the_preregistration_is_read_in_the_page_under_a_policy_of_its_own(draft, signed_in):
    shown = document(signed_in("viewer"), draft)
    page = shown.content.decode()
    assert "Preregistration" in page
    assert "A draft, which changes with the study file until the launch" in page
    assert "script-src" not in shown["Content-Security-Policy"]
    assert "'unsafe-inline'" not in shown["Content-Security-Policy"]
    download = document(signed_in("viewer"), draft, "preregistration.md")
    assert download["Content-Disposition"] == 'attachment; filename="small-preregistration.md"'
    plan = json.loads(document(signed_in("viewer"), draft, "registered.json").content)
    assert plan["outcomes"][0]["key"] == "trust"
    assert document(signed_in("viewer"), draft, "other.txt").status_code == 404


def test_the_launch_locks_the_preregistration_and_keeps_its_hashes(draft, signed_in):
    owner = signed_in("owner")
    owner.post(address(draft, "open"))
    locked = LockedRegistration.objects.get()
    entry = AuditEntry.objects.get(act="preregistration locked")
    assert entry.after == {"plan_sha256": locked.plan_sha256}
    before = document(owner, draft, "preregistration.md").content
    amended = draft.source.replace('label = "Trust"', 'label = "Trust in it"')
    services.load_study(amended)
    assert document(owner, draft, "preregistration.md").content == before
    assert "Locked at the launch" in document(owner, draft).content.decode()
    page = owner.get(address(draft)).content.decode()
    assert locked.plan_sha256 in page
    assert locked.sha256["preregistration.md"] in page


def test_before_the_launch_the_draft_follows_the_file(draft, signed_in):
    before = document(signed_in("owner"), draft, "registered.json").content
    services.load_study(draft.source.replace('label = "Trust"', 'label = "Trust in it"'))
    assert document(signed_in("owner"), draft, "registered.json").content != before


def test_a_launch_by_a_command_shows_the_version_of_the_launch(draft, signed_in):
    services.open_study(study=draft)
    before = document(signed_in("owner"), draft, "registered.json").content
    services.load_study(draft.source.replace('label = "Trust"', 'label = "Trust in it"'))
    assert document(signed_in("owner"), draft, "registered.json").content == before


def test_a_launch_that_is_refused_locks_nothing(draft, signed_in):
    draft.stimuli.all().delete()
    assert signed_in("owner").post(address(draft, "open")).status_code == 409
    assert not LockedRegistration.objects.exists()


def test_the_registration_is_written_with_the_time_of_the_readers_zone(draft, signed_in):
    browser = signed_in("editor")
    refused = browser.post(
        address(draft, "write-registration"), {"url": "osf", "registered_at": ""}
    )
    assert refused.status_code == 422
    assert draft.source == Study.objects.get(pk=draft.pk).source
    sent = {"url": "https://osf.io/abcde", "registered_at": "2026-12-01T09:30"}
    assert browser.post(address(draft, "write-registration"), sent).status_code == 302
    study = Study.objects.get(pk=draft.pk)
    written = tomllib.loads(study.source)["analysis"]["preregistration"]
    at = datetime.fromisoformat(written["registered_at"])
    assert written["url"] == sent["url"]
    assert (at.tzinfo is not None, f"{at:%Y-%m-%dT%H:%M}") == (True, sent["registered_at"])
    page = browser.get(address(draft)).content.decode()
    assert 'value="2026-12-01T09:30"' in page
    assert COMMENT in study.source


def test_smallest_effects_name_their_unit_and_the_range_of_the_scale(draft):
    trust = planned_effects(draft)["trust"]
    assert trust.unit == "points of the scale, which goes from 1 to 7"
    assert trust.unit in trust.help
