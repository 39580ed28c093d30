"""Who may do what in a study: two switches and ownership, asked in one place."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.urls import reverse

from studyplatform.models import StudyMember
from studyplatform.panel.access import ALL_RIGHTS, Right, has_right, rights_in, studies_of

RIGHTS = {
    "viewer": {Right.VIEW},
    "analyst": {Right.VIEW, Right.SEE_DATA},
    "editor": {Right.VIEW, Right.MAKE_CHANGES},
    "owner": ALL_RIGHTS,
    "administrator": ALL_RIGHTS,
    "outsider": set(),
}


@pytest.mark.parametrize("name", RIGHTS)
def test_each_kind_of_member_has_the_rights_of_its_switches(
    study, other_study, administrator, name
):
    user = User.objects.get(username=name)
    assert rights_in(user, study) == RIGHTS[name]
    for right in Right:
        listed = study in studies_of(user, right)
        assert listed == has_right(user, study, right) == (right in RIGHTS[name])


@pytest.mark.parametrize("name", ["owner", "administrator"])
def test_somebody_whose_account_was_switched_off_has_no_right(study, administrator, name):
    user = User.objects.get(username=name)
    user.is_active = False
    user.save()
    assert rights_in(user, study) == frozenset()
    assert not studies_of(user).exists()


def test_nobody_has_rights_without_an_account(study):
    assert rights_in(AnonymousUser(), study) == frozenset()
    assert not studies_of(AnonymousUser()).exists()


def test_the_database_refuses_an_owner_without_a_switch_and_a_second_membership(study):
    member = StudyMember.objects.get(user__username="owner")
    member.see_data = False
    with pytest.raises(IntegrityError, match="an_owner_has_both_switches"), transaction.atomic():
        member.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        StudyMember.objects.create(study=study, user=member.user)


def test_whoever_may_not_see_a_study_gets_the_answer_for_one_that_does_not_exist(
    study, other_study, signed_in, client
):
    there, nowhere = (reverse("panel:study", args=[slug]) for slug in (study.slug, "nowhere"))
    outsider = signed_in("outsider")
    for path in (there, nowhere):
        assert outsider.get(path).status_code == 404
        assert client.get(path)["Location"].endswith(f"?next={path}")
    assert outsider.get(there).content == outsider.get(nowhere).content
    assert signed_in("viewer").get(there).status_code == 200
