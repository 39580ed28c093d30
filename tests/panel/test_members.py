"""The members of a study: owners change and remove them, but not the last owner."""

import os
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from studyplatform.models import AuditEntry, StudyMember
from tests.conftest import ROOT
from tests.panel.conftest import SWITCHES, add_member
from tests.postgres import postgres

__all__ = ["postgres"]


def member(name: str) -> StudyMember:
    return StudyMember.objects.get(user__username=name, study__slug="small")


def test_every_member_sees_the_list_and_owners_alone_may_change_it(study, signed_in):
    path = reverse("panel:members", args=[study.slug])
    for name in SWITCHES:
        page = signed_in(name).get(path).content.decode()
        assert all(other in page for other in SWITCHES)
        assert ("Invite a person" in page) == (name == "owner")


def test_an_owner_turns_a_viewer_into_an_editor(study, signed_in):
    path = reverse("panel:member", args=[study.slug, member("viewer").pk])
    owner = signed_in("owner")
    assert owner.get(path).status_code == 200
    owner.post(path, {"make_changes": "on"})
    changed = member("viewer")
    assert (changed.make_changes, changed.see_data, changed.owner) == (True, False, False)


def test_a_new_owner_gets_both_switches(study, signed_in):
    path = reverse("panel:member", args=[study.slug, member("viewer").pk])
    signed_in("owner").post(path, {"owner": "on"})
    changed = member("viewer")
    assert (changed.make_changes, changed.see_data, changed.owner) == (True, True, True)


def test_a_removed_member_sees_nothing_any_more(study, signed_in):
    viewer = signed_in("viewer")
    page = reverse("panel:study", args=[study.slug])
    assert viewer.get(page).status_code == 200
    path = reverse("panel:remove-member", args=[study.slug, member("viewer").pk])
    signed_in("owner").post(path)
    assert viewer.get(page).status_code == 404


@pytest.mark.parametrize("way", ["remove", "demote"])
def test_the_last_owner_stays(study, signed_in, way):
    def try_it():
        name = "panel:remove-member" if way == "remove" else "panel:member"
        return owner.post(reverse(name, args=[study.slug, member("owner").pk]), follow=True)

    owner = signed_in("owner")
    assert "A study needs an owner" in try_it().content.decode()
    assert member("owner").owner
    # The control: with a second owner, the first may go.
    add_member(study, "second", **SWITCHES["owner"])
    try_it()
    assert not StudyMember.objects.filter(user__username="owner", owner=True).exists()


def test_an_owner_cannot_reach_members_of_another_study(study, other_study, signed_in):
    stranger = StudyMember.objects.get(study=other_study)
    owner = signed_in("owner")
    for name in ("panel:member", "panel:remove-member"):
        assert owner.post(reverse(name, args=[study.slug, stranger.pk])).status_code == 404
    assert StudyMember.objects.filter(pk=stranger.pk, owner=True).exists()
    assert User.objects.filter(username="outsider").exists()


def test_every_change_of_members_is_in_the_audit_with_the_name_of_whoever_made_it(study, signed_in):
    owner = signed_in("owner")
    page = owner.post(
        reverse("panel:invite-member", args=[study.slug]), {"email": "carla@example.org"}
    ).content.decode()
    new = "yet another long phrase"
    path = page.partition('value="http://testserver')[2].partition('"')[0]
    Client().post(path, {"name": "Carla", "password1": new, "password2": new})
    carla = member("carla@example.org")
    owner.post(reverse("panel:member", args=[study.slug, carla.pk]), {"see_data": "on"})
    owner.post(reverse("panel:remove-member", args=[study.slug, carla.pk]))
    owner.post(reverse("panel:new-review-link", args=[study.slug]))
    owner.post(
        reverse("panel:withdraw-review-link", args=[study.slug, study.review_links.get().pk])
    )
    owner.post(reverse("panel:invite-member", args=[study.slug]), {"email": "dora@example.org"})
    owner.post(
        reverse(
            "panel:withdraw-invitation", args=[study.slug, study.invitations.get(used_at=None).pk]
        )
    )
    entries = AuditEntry.objects.exclude(way="command").order_by("pk")
    assert [(entry.who, entry.act) for entry in entries] == [
        ("owner", "member invited"),
        ("carla@example.org", "member joined"),
        ("owner", "member changed"),
        ("owner", "member removed"),
        ("owner", "review link made"),
        ("owner", "review link withdrawn"),
        ("owner", "member invited"),
        ("owner", "invitation withdrawn"),
    ]


@pytest.mark.nightly
@pytest.mark.postgres
def test_two_owners_who_leave_at_the_same_moment_do_not_both_leave(postgres, tmp_path):
    environment = os.environ | {
        "DATABASE_URL": postgres.new_database(),
        "STUDY_DATA_DIR": str(tmp_path / "var"),
    }
    command = [sys.executable, "-m", "tests.panel.leaving"]
    subprocess.run([*command, "prepare", str(tmp_path)], env=environment, cwd=ROOT, check=True)

    def leave(way: str) -> list[str]:
        processes = [
            subprocess.Popen(
                [*command, way, name], env=environment, cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for name in ("anna", "ben")
        ]  # fmt: skip
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        return sorted(process.communicate(timeout=60)[0].strip() for process in processes)

    assert leave("locked") == ["left", "stays"]
    # The control: without the lock both look, both see the other, and both leave.
    assert leave("unlocked") == ["left", "left"]
