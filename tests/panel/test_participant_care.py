"""Exclusion by hand, notes, and decisions on submissions, from the panel to the report."""

import json

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from analysis.study_data.study_data import read_study
from studyplatform.models import AuditEntry, ParticipantNote, SubmissionDecision
from studyplatform.panel.participant_care import ERASED
from surveys import services
from surveys.models import HandExclusion, Identity, Participant
from surveys.services import StudyError
from tests.surveys import factories

REASON = {"reason": "The phone  broke.", "scope": "per_protocol"}


@pytest.fixture
def person(study) -> Participant:
    return factories.walk(factories.allocated(study, "somebody"))


def address(name: str, person: Participant, *more: object) -> str:
    return reverse(f"panel:{name}", args=[person.study.slug, person.pseudonym, *more])


def manifest_of(study, folder, *flags: str) -> dict:
    call_command("export_study", study.slug, "--output", str(folder), *flags)
    return json.loads((folder / "manifest.json").read_text())


def test_an_analyst_excludes_somebody_with_a_reason_that_the_manifest_lists(
    study, person, signed_in, tmp_path
):
    browser = signed_in("analyst")
    page = browser.post(address("exclude-participant", person), REASON, follow=True)
    text = page.content.decode()
    assert "Excluded from the analysis." in text
    assert "The phone broke." in text
    assert "by analyst" in text
    (entry,) = manifest_of(study, tmp_path / "export")["excluded_by_hand"]
    assert entry.pop("at")
    assert entry == {
        "participant": person.pseudonym, "reason": "The phone broke.", "scope": "per_protocol",
        "by": "analyst", "after_unblinding": False,
    }  # fmt: skip
    (row,) = browser.get(
        reverse("panel:participants", args=[study.slug]), {"state": "excluded"}
    ).context["rows"]
    assert row.participant == person


def test_the_analysis_applies_what_the_panel_excluded(study, person, tmp_path):
    factories.walk(factories.allocated(study, "somebody else"))
    services.exclude(participant=person, reason="A test.", by="ada", scope="all")
    factories.end_and_unblind(study)
    folder = tmp_path / "export"
    manifest_of(study, folder)
    data = read_study(folder)
    (step,) = data.exclusions.steps
    assert (step.label, sum(step.excluded.values()), step.scope) == ("by hand: A test.", 1, "all")
    excluded = data.participants["participant"][data.exclusions.out_of_all.to_numpy()]
    assert list(excluded) == [person.pseudonym]


def test_the_manifest_lists_the_exported_people_alone(study, person, tmp_path):
    robot = factories.walk(factories.allocated(study, "robot", simulated=True))
    early = services.enrol(study=study, arrival_key="without an arm")
    for one in (person, robot, early):
        services.exclude(participant=one, reason="A test.", by="ada", scope="all")
    for flags, wanted in (((), [person]), (("--simulated-only",), [robot])):
        listed = manifest_of(study, tmp_path / "-".join(("x", *flags)), *flags)["excluded_by_hand"]
        assert [entry["participant"] for entry in listed] == [one.pseudonym for one in wanted]


def test_an_exclusion_is_taken_back_while_the_arms_are_hidden(study, person, signed_in):
    browser = signed_in("analyst")
    browser.post(address("exclude-participant", person), REASON)
    browser.post(address("include-participant", person))
    assert not HandExclusion.objects.exists()
    acts = AuditEntry.objects.order_by("pk").values_list("act", "after")
    assert [entry for entry in acts if "excl" in entry[0]] == [
        ("participant excluded", {"excluded": 1, "unblinded": False}),
        ("exclusion taken back", {"excluded": 0, "unblinded": False}),
    ]


def test_after_the_unblinding_an_exclusion_is_marked_and_stays(study, person, signed_in):
    factories.end_and_unblind(study)
    browser = signed_in("analyst")
    page = browser.get(address("participant", person)).content.decode()
    assert "The report lists an exclusion from now on as a deviation" in page
    page = browser.post(address("exclude-participant", person), REASON, follow=True)
    assert "after the unblinding" in page.content.decode()
    assert HandExclusion.objects.get().after_unblinding is True
    page = browser.post(address("include-participant", person), follow=True)
    assert "can no longer be taken back" in page.content.decode()
    assert HandExclusion.objects.exists()


@pytest.mark.parametrize(
    "data", [{"reason": "  ", "scope": "all"}, {"reason": "A test.", "scope": "some"}]
)
def test_an_exclusion_needs_a_reason_and_a_set(person, signed_in, data):
    assert (
        signed_in("analyst").post(address("exclude-participant", person), data).status_code == 422
    )
    assert not HandExclusion.objects.exists()


def test_nobody_is_excluded_twice_and_the_database_insists_on_a_reason(person):
    with pytest.raises(StudyError, match="State the reason"):
        services.exclude(participant=person, reason=" ", by="ada", scope="all")
    services.exclude(participant=person, reason="A test.", by="ada", scope="all")
    with pytest.raises(StudyError, match="is excluded already"):
        services.exclude(participant=person, reason="Again.", by="ada", scope="all")
    with pytest.raises(IntegrityError), transaction.atomic():
        HandExclusion.objects.update(reason="")


def test_a_note_says_who_and_when_and_is_in_no_export(study, person, signed_in, tmp_path):
    browser = signed_in("analyst")
    page = browser.post(
        address("note-on-participant", person), {"text": "Called about pay"}, follow=True
    ).content.decode()
    assert "Called about pay" in page
    note = ParticipantNote.objects.get()
    assert note.by == "analyst"
    manifest_of(study, tmp_path / "export")
    for path in (tmp_path / "export").rglob("*"):
        assert path.is_dir() or "Called about pay" not in path.read_text(errors="replace")
    assert browser.post(address("note-on-participant", person), {"text": ""}).status_code == 422


def test_a_note_is_deleted_by_its_author_and_by_owners(study, person, signed_in):
    first, second = (person.notes.create(text="A note", by="somebody") for _ in range(2))
    own = person.notes.create(text="My own", by="analyst")
    analyst, owner = signed_in("analyst"), signed_in("owner")
    assert analyst.post(address("delete-note", person, first.pk)).status_code == 404
    assert analyst.post(address("delete-note", person, own.pk)).status_code == 302
    assert owner.post(address("delete-note", person, first.pk)).status_code == 302
    assert list(ParticipantNote.objects.all()) == [second]


def test_an_owner_decides_on_the_submission_of_somebody_from_a_recruitment_service(
    study, person, signed_in
):
    path, owner = address("decide-submission", person), signed_in("owner")
    assert owner.post(path, {"decision": "approve"}).status_code == 404  # came by a plain link
    Identity.objects.create(
        study=study, participant=person, external_id="5f-person", external_hash="h" * 64
    )
    text = owner.post(path, {"decision": "approve"}, follow=True).content.decode()
    assert "by owner: approve." in text
    assert "5f-person" not in text
    owner.post(path, {"decision": "reject"})
    assert SubmissionDecision.objects.get().decision == "reject"
    assert owner.post(path, {"decision": "pay twice"}).status_code == 404
    owner.post(path, {"decision": ""})
    assert not SubmissionDecision.objects.exists()
    entries = AuditEntry.objects.filter(act="submission decided").order_by("pk")
    assert [(entry.before["decision"], entry.after["decision"]) for entry in entries] == [
        ("", "approve"), ("approve", "reject"), ("reject", ""),
    ]  # fmt: skip


def test_everything_about_a_person_goes_with_the_person(study, person, signed_in):
    services.exclude(participant=person, reason="The phone broke.", by="ada", scope="all")
    person.notes.create(text="Called about pay", by="ada")
    Identity.objects.create(study=study, participant=person, external_hash="h" * 64)
    SubmissionDecision.objects.create(participant=person, decision="reject", by="ada")
    text = (
        signed_in("owner")
        .post(address("erase-participant", person), {"confirmed": "yes"})
        .content.decode()
    )
    for table in (HandExclusion, ParticipantNote, SubmissionDecision):
        assert not table.objects.exists()
        assert str(ERASED[str(table._meta.verbose_name_plural)]) in text
    told = json.dumps(list(AuditEntry.objects.values_list("before", "after")))
    for secret in ("phone", "Called", person.pseudonym):
        assert secret not in told
