"""The audit: every act of a researcher, with its author, which the database keeps for good."""

import csv

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from studyplatform.accounts.links import Switches
from studyplatform.models import AuditEntry, StudyMember
from studyplatform.panel import members
from surveys import services
from surveys.models import Answer, Participant
from tests.surveys import factories


def latest():
    return AuditEntry.objects.first()


def test_every_change_of_the_state_is_recorded_with_before_and_after(study, signed_in):
    owner = signed_in("owner")
    owner.post(reverse("panel:pause", args=[study.slug]))
    entry = latest()
    assert (entry.way, entry.who, entry.act) == ("panel", "owner", "paused")
    assert (entry.before, entry.after) == ({"state": "open"}, {"state": "paused"})
    call_command("close_study", study.slug)
    assert (latest().way, latest().act) == ("command", "closed")
    assert latest().after == {"state": "closed"}
    call_command("unblind_study", study.slug, reason="The end.")
    assert latest().after == {"reason": "The end.", "before_end": False}


def test_an_act_that_was_refused_or_changed_nothing_leaves_no_entry(study, signed_in):
    before = AuditEntry.objects.count()
    services.open_study(study=study)
    signed_in("editor").post(reverse("panel:end", args=[study.slug]))
    with pytest.raises(services.StudyError):
        services.unblind_study(study=study, reason="", by="")
    assert AuditEntry.objects.count() == before


def test_an_erasure_leaves_a_count_and_nothing_of_the_person(study, signed_in):
    person = factories.walk(factories.allocated(study, "person"))
    secrets = [person.pseudonym, person.personal_code, person.completion_code, person.code]
    secrets += Answer.objects.filter(item="comments").values_list("value", flat=True)
    path = reverse("panel:erase-participant", args=[study.slug, person.pseudonym])
    signed_in("owner").post(path, {"confirmed": "yes"})
    entry = latest()
    assert (entry.who, entry.act) == ("owner", "participant erased")
    assert entry.after["rows"]["participants"] == 1
    text = str(list(AuditEntry.objects.values()))
    assert not [secret for secret in secrets if secret and secret in text]


def test_participants_who_erase_themselves_have_no_name(study):
    browser = Client()
    browser.get(f"/s/{study.slug}/")
    person = factories.walk(factories.allocated(study, "person"))
    sent = {"personal_code": person.personal_code, "confirm": "on"}
    browser.post(f"/s/{study.slug}/withdraw/", sent)
    assert not Participant.objects.filter(pk=person.pk).exists()
    assert (latest().way, latest().who, latest().act) == ("participant", "", "participant erased")


def test_changes_of_members_are_recorded(study):
    member = StudyMember.objects.get(user__username="viewer")
    members.change(member, Switches(see_data=True))
    assert latest().before["see_data"] is False
    assert latest().after["see_data"] is True
    members.remove(member)
    assert (latest().act, latest().before) == ("member removed", {"member": "viewer"})


def test_exports_are_recorded(study, tmp_path):
    factories.walk(factories.allocated(study, "person"))
    call_command("export_study", study.slug, "--output", tmp_path / "out")
    exported = AuditEntry.objects.get(act="data exported")
    assert exported.after == {"simulated": "none", "arms": False, "formats": ["csv"]}
    copy = study.copies.get()
    noted = {"kind": "export", "copy_sha256": copy.sha256, "simulated": "none"}
    assert (latest().act, latest().after) == ("copy made", noted)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_or_delete_entries(study, change):
    entries = AuditEntry.objects.filter(study=study.slug)
    assert entries.exists()
    with pytest.raises(DatabaseError, match="the audit only grows"), transaction.atomic():
        entries.update(who="nobody") if change == "update" else entries.delete()
    with factories.without_triggers():  # what the triggers prevent
        assert entries.update(who="nobody")


def test_the_page_lists_filters_and_downloads_the_entries(study, other_study, signed_in):
    services.pause_study(study=study)
    editor, address = signed_in("editor"), reverse("panel:audit", args=[study.slug])
    listed = editor.get(address).context["page"].object_list
    assert {entry.study for entry in listed} == {"small"}
    assert {"loaded", "opened", "paused"} <= {entry.act for entry in listed}
    (paused,) = editor.get(address, {"act": "paused"}).context["page"].object_list
    assert paused.act == "paused"
    file = editor.get(reverse("panel:audit-csv", args=[study.slug]), {"act": "paused"})
    (row,) = csv.DictReader(file.content.decode().splitlines())
    assert (row["act"], row["after"]) == ("paused", '{"state": "paused"}')
    assert signed_in("analyst").get(address).status_code == 404
